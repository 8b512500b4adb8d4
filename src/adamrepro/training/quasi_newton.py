"""A run trained by SFO: minibatches that never change are its subfunctions."""

from typing import Any

import torch
from torch import Tensor

from adamrepro.models import Noise
from adamrepro.optim import with_penalty
from adamrepro.optim.sfo import SFO, SfoSettings
from adamrepro.training.members import Members, Step
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.task import Task


class QuasiNewton(Members):
    """One member, and SFO on f_i = cost of minibatch i + penalty. `parameters` are where it stands.

    minibatches: N, how many there are in a pass. Raises MemoryError where N subfunctions do not fit
    into the memory, and UserError from the first step where the cost is noisy.
    """

    def __init__(self, task: Task, settings: SfoSettings, l2: float, *, minibatches: int) -> None:
        super().__init__(task, [l2])
        theta: list[Tensor] = [p.detach() for p in self.parameters]
        subfunctions = range(minibatches)
        self.sfo = SFO(
            self.cost_and_gradient, theta, subfunctions, seed=task.seed, **settings.options()
        )
        self.seen: list[Step] = []

    def step(self, minibatches: Minibatches, noise: Noise, epoch: int) -> Step:
        """Take a step of SFO; the costs are those at the place that it kept."""
        self.minibatches, self.noise = minibatches, noise
        self.seen = []
        before = self.sfo.evaluations
        self.sfo.step()
        self.put(self.sfo.theta)
        kept = self.seen[self.sfo.kept - before - 1]
        return kept._replace(evaluations=len(self.seen))

    def cost_and_gradient(self, theta: list[Tensor], number: int) -> tuple[Tensor, list[Tensor]]:
        """Return f_i, a scalar, and its gradient at theta, for i = `number`."""
        self.put(theta)
        x, y = self.minibatches[number]
        cost, objective, of_cost = self.gradients(x, y, self.noise)
        with torch.no_grad():
            terms = zip(of_cost, self.parameters, self.penalties, strict=True)
            gradient = [with_penalty(g, theta, l2) for g, theta, l2 in terms]
        self.seen.append(Step(cost, objective, examples=len(y)))
        return objective[0], gradient

    @property
    def optimizer_bytes(self) -> int:
        return self.sfo.bytes

    def state_dict(self) -> dict[str, Any]:
        return {"members": self.members, "sfo": self.sfo.state_dict(copy=False)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.keep(state["members"])
        self.sfo.load_state_dict(state["sfo"])
        if self.members:
            self.put(self.sfo.theta)
