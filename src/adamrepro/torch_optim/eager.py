"""A rule's step without a compiler: a few operations on chunks that stay in the cache."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from adamrepro.optim import Rule
from adamrepro.torch_optim.rows import Row
from adamrepro.torch_optim.terms import Term, plus

CHUNK = 2**18
"""Elements per thread of a CPU: what a rule's intermediate results can have in the cache."""


def step_eagerly(
    rule: type[Rule], l2: float | None, maximize: bool, coefficients: Any, rows: Sequence[Row]
) -> None:
    """Step flat rows in place; l2 and coefficients are floats."""
    for row in rows:
        for piece in chunks(row):
            step_by_terms(rule, l2, maximize, coefficients, piece)


def chunks(row: Row) -> Iterable[Row]:
    """Cut a flat row; a rule is elementwise, so that changes no number."""
    size = CHUNK * torch.get_num_threads()
    if len(row[0]) <= size or row[0].device.type != "cpu":
        return [row]
    return zip(*(torch.split(tensor, size) for tensor in row), strict=True)


def step_by_terms(
    rule: type[Rule], l2: float | None, maximize: bool, coefficients: Any, row: Row
) -> None:
    """Take one step on one row; the like of `step_in_place` in terms."""
    theta, gradient, *state = row
    g = Term(gradient.to(state[0].dtype), scale=-1.0 if maximize else 1.0)
    if l2 is not None:
        g = g + Term(theta.to(state[0].dtype), scale=l2)
    advance: Callable[..., tuple[Term, Sequence[Term]]] = rule.step  # type: ignore[assignment]
    step, new = advance(g, rule.State(*(Term(entry, home=True) for entry in state)), coefficients)
    for entry, value in zip(state, new, strict=True):
        if value.left is not entry or value.is_product() or value.scale != 1.0:
            entry.copy_(value.tensor())
    if theta.dtype is step.left.dtype:
        plus(theta, step, out=theta)
    else:
        theta.add_(step.tensor())  # one rounding, from fp32 to the parameter's dtype
