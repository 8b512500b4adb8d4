"""Hyper-parameters with the range of their values: `beta1: float = decay_rate(0.9)`."""

import math
from dataclasses import Field, dataclass, field
from typing import Any

from adamrepro.errors import require

KEY = "range"
SCHEDULED = "scheduled"


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; an open end is not among them."""

    low: float
    high: float
    text: str
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = self.low < value if self.low_open else self.low <= value
        below = value < self.high if self.high_open else value <= self.high
        return above and below


POSITIVE = Range(0, math.inf, "a number above 0", low_open=True, high_open=True)
NOT_NEGATIVE = Range(0, math.inf, "a number, 0 or above", high_open=True)
DECAY_RATE = Range(0, 1, "a number in [0, 1)", high_open=True)
FADING = Range(0, 1, "a number in (0, 1]", low_open=True)


def number(default: float, within: Range, *, scheduled: bool = False) -> Any:
    """Declare a number within a range; a scheduled one is multiplied by the step size schedule."""
    return field(default=default, metadata={KEY: within, SCHEDULED: scheduled})


def step_size(default: float) -> Any:
    """A step size: above 0, and multiplied by the schedule."""
    return number(default, POSITIVE, scheduled=True)


def positive(default: float) -> Any:
    return number(default, POSITIVE)


def not_negative(default: float) -> Any:
    return number(default, NOT_NEGATIVE)


def decay_rate(default: float) -> Any:
    """The decay rate of a running mean, in [0, 1)."""
    return number(default, DECAY_RATE)


def fading(default: float) -> Any:
    """A factor that makes something vanish over the steps, in (0, 1]; 1 is off."""
    return number(default, FADING)


def range_of(declared: Field[Any]) -> Range | None:
    found: Range | None = declared.metadata.get(KEY)
    return found


def is_scheduled(declared: Field[Any]) -> bool:
    return bool(declared.metadata.get(SCHEDULED))


def check(declared: Field[Any], value: float) -> None:
    """Raise UserError where a value lies outside of its range."""
    within = range_of(declared)
    if within is not None:
        require(value in within, f"optimizer.{declared.name}", value, within.text)
