"""Walking with an update rule along gradients that are given, not computed from a cost."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from adamrepro.optim import Rule, Schedule, stack, zero_state
from adamrepro.optim.rule import column


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
        after: zero gradients that came before: they leave the state at zero, and only t counts.
        schedule: of the step size, t in steps.
    """
    rule, hyper = type(rules[0]), stack(list(rules))
    alpha, state = hyper.alpha, None
    for t, g in enumerate(gradients, start=after + 1):
        g = g.expand(len(rules), -1)
        state = zero_state(rule, g) if state is None else state
        hyper.alpha = alpha * (schedule.factor(t, t) if schedule else 1.0)
        factors = rule.coefficients(hyper, t)
        c = type(factors)(*(column(values, g) for values in factors))
        step, state = rule.step(g, state, c)
        yield step, state


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
