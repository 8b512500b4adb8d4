"""One step of a rule on all parameters of a population, eager or compiled."""

import shutil
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from adamrepro.optim.rule import Parameter, Rule, column

COMPILED_SHAPES = 200
"""Kinds of population that one process compiles an update for."""


class Update(Protocol):
    """`apply_rule` of one rule."""

    def __call__(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        states: Sequence[Any],
        penalties: Sequence[Tensor | None],
        coefficients: Any,
        outputs: Sequence[int | None] | None = None,
    ) -> None: ...


def apply_rule(
    rule: type[Rule],
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    states: Sequence[Any],
    penalties: Sequence[Tensor | None],
    coefficients: Any,
    outputs: Sequence[int | None] | None = None,
) -> None:
    """Take one step in place.

    Each parameter, gradient and state tensor is [R, ...]; coefficients are float64 [R].
    penalties: lambda [R] of each parameter's penalty, or None; its gradient joins g here, where it
    costs no pass over memory of its own.
    outputs: the axis of the outputs of each weight, None for biases; all are, unless told.
    """
    axes = [None] * len(parameters) if outputs is None else outputs
    for theta, g, state, l2, axis in zip(
        parameters, gradients, states, penalties, axes, strict=True
    ):
        g = with_penalty(g, theta, l2)
        c = type(coefficients)(*(column(values, theta) for values in coefficients))
        step_in_place(rule, Parameter(theta, axis), g, state, c)


def step_in_place(rule: type[Rule], p: Parameter, g: Tensor, state: Any, c: Any) -> None:
    """Take one step on one parameter; the coefficients c broadcast over it.

    g and state share a dtype; theta may be narrower (bf16), and is rounded once, at the end.
    """
    step, new_state = rule.step_of(p, g, state, c)
    p.theta.add_(step)
    for old, new in zip(state, new_state, strict=True):
        old.copy_(new)


def with_penalty(g: Tensor, theta: Tensor, l2: Tensor | None) -> Tensor:
    """Add to the gradient g that of the penalty l2/2 |theta|^2, l2 [R], if there is one."""
    return g if l2 is None else g + column(l2, theta) * theta


def make_update(rule: type[Rule], *, compiled: bool) -> Update:
    """Return the update of a rule; compiled fuses it into one pass over memory per parameter.

    Both forms give the same numbers within rounding of the parameters' dtype. Each shape is
    compiled for itself, so that no number depends on which populations the process
    met before.
    """
    update = partial(apply_rule, rule)
    if not compiled:
        return update
    # torch counts the shapes of all rules together, and would go on eagerly after the eighth
    torch._dynamo.config.recompile_limit = COMPILED_SHAPES
    return torch.compile(update, dynamic=False)


COMPILE_ABOVE = 4e9
"""Parameters of all members x steps above which compiling the update pays for its 10-20 seconds
(measured: about 6 ns saved per element and step on one thread)."""


def compiling_pays(elements: int, steps: int) -> bool:
    """Say whether to compile the update of so many numbers, over so many steps."""
    return can_compile() and elements * steps > COMPILE_ABOVE


def can_compile() -> bool:
    """Say whether torch.compile can work here: on a CPU it needs a C++ compiler."""
    return any(shutil.which(name) for name in ("g++", "clang++", "c++"))
