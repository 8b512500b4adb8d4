"""Which subfunction comes next, and when another one joins: equations (11) and (12)."""

import torch
from torch import Tensor

from adamrepro.optim.sfo import policy
from adamrepro.optim.sfo.quadratics import Quadratics

_NOWHERE = 1e-12  # a squared distance below this is none


class ActiveSet:
    """The active subfunctions of a model, and the optimizer's random choices.

    Args:
        model: holds who is active.
        initial: how many are at the start.
        max_noise: ratio of the two sides of (12) at which another one joins.
        seed: of the generator.
    """

    def __init__(self, model: Quadratics, initial: int, max_noise: float, seed: int) -> None:
        self._model = model
        self._max_noise = max_noise
        self.generator = torch.Generator().manual_seed(seed)
        self.since_growth = 0
        order = torch.randperm(len(model.active), generator=self.generator)
        for index in order[:initial].tolist():
            model.activate(index, first=True)

    def choose(self, here: Tensor) -> int:
        """The next subfunction at `here` [k]: one without a Hessian yet, else equation (11)."""
        model = self._model
        for seen in (1, 0):
            wanting = model.active & (model.observations == seen)
            if bool(wanting.any()):
                return self._draw(wanting)
        by_total = bool(torch.randint(2, (), generator=self.generator))
        distances = model.distances(here, model.hessian() if by_total else None)
        index = policy.farthest(distances, model.active)
        if float(distances[index]) < _NOWHERE and not bool(model.active.all()):
            # all that the active ones have to say about this place is known
            index = self._draw(~model.active)
            self._activate(index)
        return index

    def grow(self, factor: Tensor, failed: bool) -> None:
        """Equation (12): activate one more, once all active ones have a Hessian.

        Args:
            factor: Cholesky factor of H [k, k].
            failed: whether the step had failed; that calls for more, too, and so does a pass over
                the active ones without growth.
        """
        model = self._model
        self.since_growth += 1
        waiting = ~model.active
        if not bool(waiting.any()) or int(model.observations[model.active].min()) < 2:
            return
        gradients = model.gradient[: model.size, model.active]
        if (
            failed
            or self.since_growth > gradients.shape[1]
            or policy.noise_exceeds_mean(gradients, factor, self._max_noise)
        ):
            self._activate(self._draw(waiting))

    def _activate(self, index: int) -> None:
        self._model.activate(index)
        self.since_growth = 0

    def _draw(self, mask: Tensor) -> int:
        candidates = mask.nonzero().flatten()
        return int(candidates[torch.randint(len(candidates), (), generator=self.generator)])
