"""What every update rule is: numbers, a state that starts at zero, and one pure step.

A rule works on a whole population at once. Every tensor carries a leading member axis R; every
numeric hyper-parameter is a float64 tensor [R]. `coefficients` turns hyper-parameters and the
step number t into the factors of this step in double precision (in float32, 1 - beta2^t at
beta2 = 0.9999, t = 1 is off by 1.7e-4); the caller casts them once, and `step` then reads
like the paper's algorithm box.
"""

from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any, ClassVar

import torch
from torch import Tensor

from adamrepro.errors import require

Hyper = SimpleNamespace
"""One attribute per field of the rule: float64 tensors [R], or the enum all members share."""


@dataclass(kw_only=True)
class Rule:
    """Base of the update rules; the fields are the rule's hyper-parameters.

    averaging: decay of the parameter average of section 7.2; 0 evaluates theta itself.
    """

    name: str
    alpha: float
    averaging: float = 0.0

    State: ClassVar[type]

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        self.check_positive("alpha")
        self.check_decay("averaging")

    def check_positive(self, *keys: str) -> None:
        for key in keys:
            value = getattr(self, key)
            require(0 < value < float("inf"), f"optimizer.{key}", value, "a number above 0")

    def check_decay(self, *keys: str) -> None:
        for key in keys:
            value = getattr(self, key)
            require(0 <= value < 1, f"optimizer.{key}", value, "a number in [0, 1)")

    def check_lambda(self, *keys: str) -> None:
        for key in keys:
            value = getattr(self, key)
            require(0 < value <= 1, f"optimizer.{key}", value, "a number in (0, 1]")

    def check_not_negative(self, *keys: str) -> None:
        for key in keys:
            value = getattr(self, key)
            require(0 <= value < float("inf"), f"optimizer.{key}", value, "a number, 0 or above")

    @staticmethod
    def coefficients(h: Hyper, t: int) -> Any:
        """Return the factors of step t (t = 1 for the first), a NamedTuple of float64 [R]."""
        raise NotImplementedError

    @staticmethod
    def step(g: Tensor, s: Any, c: Any) -> tuple[Tensor, Any]:
        """Map the gradient g [R, ...], the state and the coefficients to (step, new state)."""
        raise NotImplementedError


def structure(rule: Any) -> tuple[object, ...]:
    """What members of one population must have in common: the optimizer and its non-numbers."""
    shared = (getattr(rule, f.name) for f in fields(rule))
    return (type(rule), *(value for value in shared if not isinstance(value, (bool, int, float))))


def widest(device: torch.device | str) -> torch.dtype:
    """Return the widest float of a device: float64, but for Apple's GPUs, which have none."""
    return torch.float32 if torch.device(device).type == "mps" else torch.float64


def stack(rules: list[Rule], device: torch.device | str = "cpu") -> Hyper:
    """Collect the hyper-parameters of R rules of one structure: numbers become float64 [R]."""
    columns = {f.name: [getattr(rule, f.name) for rule in rules] for f in fields(rules[0])}
    return Hyper(
        **{
            key: torch.tensor(values, dtype=widest(device), device=device)
            if isinstance(values[0], (bool, int, float))
            else values[0]
            for key, values in columns.items()
        }
    )


def zero_state(rule: type[Rule], parameter: Tensor) -> Any:
    """Return the state before the first step: zeros like the parameter for every entry."""
    names = rule.State._fields  # type: ignore[attr-defined]
    return rule.State(*(torch.zeros_like(parameter) for _ in names))


def column(values: Tensor, like: Tensor) -> Tensor:
    """Cast values [R] to the dtype of `like` [R, ...] and shape them to broadcast over it."""
    return values.to(like.dtype).view(-1, *[1] * (like.dim() - 1))


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide by a denominator >= 0, with 0/0 = 0: where g has always been 0 the step is 0.

    The zeros become infinite first: one pass, where a comparison and a choice take two slow ones.
    """
    return numerator / torch.threshold(denominator, 0.0, float("inf"))
