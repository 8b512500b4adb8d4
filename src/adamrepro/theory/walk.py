"""Walking with update rules along gradients, without a model."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from adamrepro.optim import Rule, Schedule, stack, zero_state
from adamrepro.optim.rule import column


class Walker:
    """R rules of one structure, which take a step for each gradient.

    Args:
        rules: the R rules.
        after: zero gradients that came before: they leave the state at zero, and only t counts.
        schedule: of the step size, t in steps.
    """

    def __init__(
        self, rules: Sequence[Rule], *, after: int = 0, schedule: Schedule | None = None
    ) -> None:
        self.rule, self.hyper = type(rules[0]), stack(list(rules))
        self.alpha, self.schedule, self.t = self.hyper.alpha, schedule, after
        self.state: Any = None

    def step(self, g: Tensor) -> Tensor:
        """Return the step of the gradient g [R, N]; `state` is then the state after it."""
        self.t += 1
        self.state = zero_state(self.rule, g) if self.state is None else self.state
        factor = self.schedule.factor(self.t, self.t) if self.schedule else 1.0
        self.hyper.alpha = self.alpha * factor
        factors = self.rule.coefficients(self.hyper, self.t)
        c = type(factors)(*(column(values, g) for values in factors))
        step: Tensor
        step, self.state = self.rule.step(g, self.state, c)
        return step


def walk(
    rules: Sequence[Rule],
    gradients: Iterable[Tensor],
    *,
    after: int = 0,
    schedule: Schedule | None = None,
) -> Iterator[tuple[Tensor, Any]]:
    """Yield (step, state) for each gradient.

    Args:
        rules: R rules of one structure.
        gradients: one [R, N] (or [1, N], shared by all) per step.
        after: see `Walker`.
        schedule: see `Walker`.
    """
    walker = Walker(rules, after=after, schedule=schedule)
    for g in gradients:
        yield walker.step(g.expand(len(rules), -1)), walker.state


def places(
    rules: Sequence[Rule], gradients: Iterable[Tensor], schedule: Schedule | None = None
) -> Tensor:
    """Where each walk is after every step: [T, R, N], from 0."""
    steps = [step for step, _ in walk(rules, gradients, schedule=schedule)]
    return torch.stack(steps).cumsum(0)


def normal(seed: int, *shape: int) -> Tensor:
    """Gradients from N(0, 1), float64 [*shape]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)
