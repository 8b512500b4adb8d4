"""What every update rule is: numbers, a state, and one pure step.

A rule works on a whole population at once. Every tensor carries a leading member axis R; every
numeric hyper-parameter is a float64 tensor [R]. `coefficients` turns hyper-parameters and the
step number t into the factors of this step in double precision (in float32, 1 - beta2^t at
beta2 = 0.9999, t = 1 is off by 1.7e-4); the caller casts them once, and `step` then reads
like the paper's algorithm box.
"""

from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, is_scheduled
from adamrepro.ranges import check_ranges

Hyper = SimpleNamespace
"""One attribute per field of the rule: float64 tensors [R], or the enum all members share."""


class Parameter(NamedTuple):
    """What a step may know of its parameter beside the gradient."""

    theta: Tensor  # [R, ...], before the step
    outputs: int | None  # axis of the outputs of a weight matrix or kernel; None for a bias

    @property
    def is_weight(self) -> bool:
        return self.outputs is not None

    def decay(self, weight_decay: Tensor) -> Tensor | float:
        """Return lambda theta of decoupled weight decay: as with `training.l2`, 0 for biases."""
        return weight_decay * self.theta if self.is_weight else 0.0


@dataclass(kw_only=True)
class Rule:
    """Base of the update rules; the fields are the rule's hyper-parameters.

    A rule has `coefficients` and `step`. What only some need has a default: `step_of` for a step
    that asks for more than the gradient, `start` for a state that is not zeros like the parameter,
    `place` where costs are not evaluated at theta.

    averaging: decay of the parameter average of section 7.2; 0 evaluates theta itself.
    """

    name: str
    alpha: float
    averaging: float = decay_rate(0.0)

    State: ClassVar[type]
    elementwise: ClassVar[bool] = True
    """Whether an entry of a step depends on that entry's own gradients alone."""

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        check_ranges("optimizer", self)

    @staticmethod
    def coefficients(h: Hyper, t: int) -> Any:
        """Return the factors of step t (t = 1 for the first), a NamedTuple of float64 [R]."""
        raise NotImplementedError

    @staticmethod
    def step(g: Tensor, s: Any, c: Any) -> tuple[Tensor, Any]:
        """Map the gradient g [R, ...], the state and the coefficients to (step, new state)."""
        raise NotImplementedError

    @classmethod
    def step_of(cls, p: Parameter, g: Tensor, s: Any, c: Any) -> tuple[Tensor, Any]:
        """Return (step, new state) of a parameter: for rules that need more of it than g."""
        return cls.step(g, s, c)

    @classmethod
    def start(cls, p: Parameter) -> Any:
        """Return the state before the first step: zeros like the parameter for every entry."""
        return cls.State(*(torch.zeros_like(p.theta) for _ in cls.State._fields))  # type: ignore[attr-defined]

    @staticmethod
    def place(theta: Tensor, s: Any, h: Hyper) -> Tensor:
        """Return where costs are evaluated [R, ...]; gradients are taken at theta [R, ...]."""
        return theta


def structure(rule: Any) -> tuple[object, ...]:
    """What members of one population must have in common: the optimizer and its non-numbers."""
    values = (getattr(rule, f.name) for f in fields(rule))
    shared = (repr(value) for value in values if not isinstance(value, (bool, int, float)))
    return (type(rule), *shared)


def widest(device: torch.device | str) -> torch.dtype:
    """Return the widest float of a device: float64, but for Apple's GPUs, which have none."""
    return torch.float32 if torch.device(device).type == "mps" else torch.float64


def stack(rules: list[Rule], device: torch.device | str = "cpu") -> Hyper:
    """Collect the hyper-parameters of R rules of one structure: numbers become float64 [R].

    Raises: ValueError for rules that differ in more than numbers.
    """
    if len({structure(rule) for rule in rules}) > 1:
        raise ValueError("rules of a population: expected one class, and the same non-numbers")
    columns = {f.name: [getattr(rule, f.name) for rule in rules] for f in fields(rules[0])}
    return Hyper(
        **{
            key: torch.tensor(values, dtype=widest(device), device=device)
            if isinstance(values[0], (bool, int, float))
            else values[0]
            for key, values in columns.items()
        }
    )


def scheduled(rule: type[Rule], hyper: Hyper, factor: float) -> Hyper:
    """Return the hyper-parameters with every step size times the schedule's factor."""
    found = Hyper(**vars(hyper))
    for declared in fields(rule):
        if is_scheduled(declared):
            setattr(found, declared.name, getattr(hyper, declared.name) * factor)
    return found


def zero_state(rule: type[Rule], theta: Tensor, outputs: int | None = None) -> Any:
    """Return the state of a parameter [R, ...] before the first step."""
    return rule.start(Parameter(theta, outputs))


def column(values: Tensor, like: Tensor) -> Tensor:
    """Cast values [R] to the dtype of `like` [R, ...] and shape them to broadcast over it."""
    return values.to(like.dtype).view(-1, *[1] * (like.dim() - 1))


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide by a denominator >= 0; x/0 is 0: where g has always been 0 the step is 0.

    The zeros become infinite first: one pass, where a comparison and a choice take two slow ones.
    """
    return numerator / torch.threshold(denominator, 0.0, float("inf"))
