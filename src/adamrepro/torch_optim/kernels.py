"""A rule's step as a compiled kernel: one pass over memory for each tensor."""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from adamrepro.optim import Rule, step_in_place
from adamrepro.optim.rule import Parameter
from adamrepro.torch_optim.rows import Row

BATCH = 4
"""Rows in one call: more take longer to compile, fewer longer to call."""

KERNELS: dict[tuple[type[Rule], int], Callable[..., None]] = {}
"""By rule and number of rows, for all optimizers of a process: no number or size is compiled in."""


def step_compiled(
    rule: type[Rule], l2: Tensor | None, maximize: bool, coefficients: Any, rows: Sequence[Row]
) -> None:
    """Step flat rows in place; l2 and coefficients are scalar tensors of the state's dtype."""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        kernel(rule, len(batch))(rule, l2, maximize, coefficients, batch)


def kernel(rule: type[Rule], count: int) -> Callable[..., None]:
    """Return `step_plainly` compiled for a number of rows, by the first call of each kind."""
    if (rule, count) not in KERNELS:
        # PyTorch counts recompilations by code object, and gives up at 8
        of_its_own = FunctionType(step_plainly.__code__.replace(), step_plainly.__globals__)
        KERNELS[rule, count] = torch.compile(of_its_own, dynamic=True)
    return KERNELS[rule, count]


def step_plainly(
    rule: type[Rule], l2: Tensor | None, maximize: bool, coefficients: Any, rows: Sequence[Row]
) -> None:
    """Step flat rows in place, by the rule as it is written."""
    for theta, g, *state in rows:
        g = g.to(state[0].dtype)
        if maximize:
            g = -g
        if l2 is not None:
            g = g + l2 * theta.to(g.dtype)
        p = Parameter(theta, outputs=None)
        step_in_place(rule, p, g, rule.State(*state), coefficients)
