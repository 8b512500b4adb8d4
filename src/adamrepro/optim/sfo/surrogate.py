"""Subspace, quadratics and the two places they are seen from, kept in step with each other."""

import math
from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from adamrepro.optim.sfo import memory
from adamrepro.optim.sfo.quadratics import Quadratics
from adamrepro.optim.sfo.subspace import Subspace, SubspaceState


@dataclass
class Place:
    """A position: x in full [M], on the device, and from the subspace's origin [k]."""

    theta: Tensor
    coordinates: Tensor

    def approach(self, other: "Place", fraction: float) -> None:
        """Move by `fraction` of the way to the other one."""
        self.theta.lerp_(other.theta, fraction)
        self.coordinates = self.coordinates.lerp(other.coordinates, fraction)

    def distance(self, other: "Place") -> float:
        """Euclidean distance, in the subspace, which holds both."""
        return float((self.coordinates - other.coordinates).norm())


class SurrogateState(TypedDict):
    """What `Surrogate` resumes from."""

    here: Tensor
    before: Tensor
    here_coordinates: Tensor
    before_coordinates: Tensor
    subspace: SubspaceState
    model: dict[str, Tensor]


class Surrogate:
    """G, the sum of the quadratics, around the current place `here` and the one `before`.

    Args:
        start: x at the beginning, float64 [M].
        subfunctions: N.
        history: L.
        initial_hessian: beta_i of the first active subfunctions.
        max_condition: of H_i.
    """

    def __init__(
        self,
        start: Tensor,
        subfunctions: int,
        history: int,
        initial_hessian: float,
        max_condition: float,
    ) -> None:
        capacity = memory.maximal_subspace(subfunctions, history)
        self._kept = memory.minimal_subspace(subfunctions, history)
        self._subspace = Subspace(start.shape[0], capacity, start.device)
        self.model = Quadratics(
            subfunctions, self._subspace.capacity, history, initial_hessian, max_condition
        )
        origin = torch.zeros(self._subspace.size, dtype=torch.float64)
        self.here = Place(start, origin)
        self.before = Place(start.clone(), origin)
        self.collapses = 0

    @property
    def bytes(self) -> int:
        """Memory of subspace, quadratics and both places."""
        places = (self.here.theta, self.before.theta)
        return self._subspace.bytes + self.model.bytes + sum(theta.nbytes for theta in places)

    def observe(self, index: int, place: Place, value: float, gradient: Tensor) -> None:
        """Take an evaluation, `gradient` [M], at `here` or `before` into subspace and history.

        One that is not finite is left out.
        """
        if not math.isfinite(value):
            return
        if self._subspace.full:
            self._collapse()
        coordinates = self._subspace.include(gradient)
        for known in (self.here, self.before):
            missing = coordinates.shape[0] - known.coordinates.shape[0]
            known.coordinates = torch.nn.functional.pad(known.coordinates, (0, missing))
        self.model.observe(index, place.coordinates, value, coordinates)

    def move(self, step: Tensor) -> None:
        """Go to x + P step, for a step [k]."""
        here, before = self.here, self.before
        self._subspace.displace(here.theta, step, out=before.theta)
        before.coordinates = here.coordinates + step
        self.here, self.before = before, here

    def go_back(self) -> None:
        """Take the last step back."""
        self.here, self.before = self.before, self.here

    def _collapse(self) -> None:
        """Equation (7), with the current place as the new origin."""
        here, before = self.here.coordinates, self.before.coordinates
        change = self._subspace.collapse(self.model.keep(here, before, self._kept))
        self.model.transform(change, origin=here)
        self.before.coordinates = change.T @ (before - here)
        self.here.coordinates = torch.zeros(change.shape[1], dtype=torch.float64)
        self.collapses += 1

    def state_dict(self, copy: bool = True) -> SurrogateState:
        """A copy, which takes as much memory again; or with views of the subspace."""
        return SurrogateState(
            here=self.here.theta.clone(),
            before=self.before.theta.clone(),
            here_coordinates=self.here.coordinates.clone(),
            before_coordinates=self.before.coordinates.clone(),
            subspace=self._subspace.state_dict(copy),
            model=self.model.state_dict(),
        )

    def load_state_dict(self, state: SurrogateState) -> None:
        """Continue from the state of a surrogate of the same size."""
        self.model.load_state_dict(state["model"])
        self._subspace.load_state_dict(state["subspace"])
        self.here.theta.copy_(state["here"])
        self.before.theta.copy_(state["before"])
        self.here.coordinates = state["here_coordinates"].clone()
        self.before.coordinates = state["before_coordinates"].clone()
