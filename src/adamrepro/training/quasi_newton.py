"""A run trained by SFO: minibatches that never change are its subfunctions."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from adamrepro.models import ModelConfig, Noise
from adamrepro.optim.sfo import SFO, SfoSettings
from adamrepro.training.members import Members, Step
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.settings import Precision


class QuasiNewton(Members):
    """One member, and SFO on f_i = cost of minibatch i + penalty. `parameters` are where it stands.

    Args:
        settings: of SFO.
        minibatches: N, how many there are in a pass.

    The others are those of `Members`. Raises UserError where N subfunctions do not fit into the
    memory, and from the first step where the cost is noisy.
    """

    def __init__(
        self,
        model_config: ModelConfig,
        settings: SfoSettings,
        l2: float,
        *,
        minibatches: int,
        shape: torch.Size,
        classes: int,
        seed: int,
        device: torch.device | str = "cpu",
        precision: Precision = Precision.fp32,
    ) -> None:
        super().__init__(
            model_config,
            [l2],
            shape=shape,
            classes=classes,
            seed=seed,
            device=device,
            precision=precision,
        )
        theta: list[Tensor] = [p.detach() for p in self.parameters]
        subfunctions = range(minibatches)
        self.sfo = SFO(self.cost_and_gradient, theta, subfunctions, seed=seed, **settings.options())
        self.seen: list[tuple[Step, float]] = []

    def step(self, minibatches: Minibatches, noise: Noise, epoch: int) -> Step:
        """Take a step of SFO; the costs are those at the place that it kept."""
        self.minibatches, self.noise = minibatches, noise
        self.seen = []
        value = self.sfo.step()
        self.put(self.sfo.theta)
        kept = next((step for step, seen in self.seen if seen == value), self.seen[-1][0])
        return kept._replace(evaluations=len(self.seen))

    def cost_and_gradient(self, theta: list[Tensor], number: int) -> tuple[Tensor, list[Tensor]]:
        """Return f_i, a scalar, and its gradient at theta, for i = `number`."""
        self.put(theta)
        x, y = self.examples(*self.minibatches[number])
        with self.autocast():
            cost = self.model.cost(x, y, self.noise)
        gradient = list(torch.autograd.grad(cost.sum(), self.parameters))
        with torch.no_grad():
            cost = cost.detach().to(self.l2.dtype)
            objective = cost + self.penalty()
            for g, weight, penalized in zip(
                gradient, self.parameters, self.is_penalized, strict=True
            ):
                if penalized:
                    g.add_(weight, alpha=float(self.l2))
        self.seen.append((Step(cost, objective, examples=len(y)), float(objective)))
        return objective[0], gradient

    @torch.no_grad()
    def put(self, theta: Sequence[Tensor]) -> None:
        """Make theta the parameters."""
        for parameter, value in zip(self.parameters, theta, strict=True):
            parameter.copy_(value)

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
