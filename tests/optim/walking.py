"""Walking with an update rule along given gradients, and settings of every rule to walk with."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from adamrepro.optim import (
    RULES,
    Rule,
    Schedule,
    apply_rule,
    scheduled,
    stack,
    structure,
    zero_state,
)
from adamrepro.optim.ranges import range_of

LARGEST_DRAWN = 10.0
"""Ranges without an end are drawn from up to here."""


def numbers(declared: dataclasses.Field[Any]) -> st.SearchStrategy[float]:
    """Numbers from the range that a rule declares, its ends among them where they belong."""
    within = range_of(declared)
    assert within is not None, f"{declared.name}: without a range (optim/ranges.py)"
    low = within.low + 1e-5 if within.low_open else within.low
    high = min(within.high, max(LARGEST_DRAWN, 2 * within.low))
    if within.high_open and high == within.high:
        high -= 1e-4
    return st.one_of(st.just(low), st.floats(max(low, 1e-6), high))


@st.composite
def rules(draw: Callable[..., Any], rule: type[Rule], members: int = 1) -> list[Rule]:
    """Draw `members` rules of one structure: enums are shared, numbers differ."""
    settings: list[dict[str, Any]] = [{} for _ in range(members)]
    for field in dataclasses.fields(rule):
        default = field.default
        if isinstance(default, bool):
            values = [draw(st.booleans()) for _ in settings]
        elif isinstance(default, float):
            values = [draw(numbers(field)) for _ in settings]
        elif isinstance(default, str):
            continue
        else:
            values = [draw(st.sampled_from(type(default)))] * members
        for setting, value in zip(settings, values, strict=True):
            setting[field.name] = value
    drawn = [rule(**setting) for setting in settings]
    assert len({structure(one) for one in drawn}) == 1
    return drawn


def walk(
    members: Sequence[Rule],
    gradients: Tensor,
    *,
    start: Tensor | None = None,
    schedule: Schedule | None = None,
    l2: Sequence[float] | None = None,
    outputs: int | None = None,
    evaluated: bool = False,
) -> Tensor:
    """Take one step per gradient; return where each ended: [T + 1, R, ...], the start first.

    gradients: [T, R, ...], or [T, ...] for a single rule. evaluated: return the places at which
    costs are evaluated instead.
    """
    rows = gradients if len(members) > 1 else gradients.unsqueeze(1)
    theta = torch.zeros_like(rows[0]) if start is None else start.clone()
    rule, hyper = type(members[0]), stack(list(members))
    states = [zero_state(rule, theta, outputs)]
    penalties = [None if l2 is None else torch.tensor(l2, dtype=torch.float64)]
    places = [theta.clone()]
    for t, g in enumerate(rows, start=1):
        now = scheduled(rule, hyper, schedule.factor(t, t) if schedule else 1.0)
        c = rule.coefficients(now, t)
        apply_rule(rule, [theta], [g], states, penalties, c, [outputs])
        places.append((rule.place(theta, states[0], hyper) if evaluated else theta).clone())
    walked = torch.stack(places)
    return walked if len(members) > 1 else walked.squeeze(1)


def noisy(steps: int, *shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Gradients [steps, *shape] of very different sizes, some of them zero."""
    generator = torch.Generator().manual_seed(seed)
    g = torch.randn(steps, *shape, generator=generator, dtype=torch.float64)
    g *= 10 ** torch.empty(shape, dtype=torch.float64).uniform_(-3, 3, generator=generator)
    return g.masked_fill(torch.rand(g.shape, generator=generator) < 0.1, 0.0).to(dtype)


def assert_same_walk(ours: Tensor, theirs: Tensor, relative: float = 1e-12) -> None:
    """Compare places [T + 1, ...], relative to how far each coordinate ever was from 0.

    (Relative to the place itself, rounding would count for anything where a walk crosses 0.)
    """
    assert (theirs[-1] != theirs[0]).all(), "a walk that goes nowhere proves nothing"
    assert ((ours - theirs).abs() <= relative * theirs.abs().amax(0)).all()


EVERY_RULE = sorted(RULES)
