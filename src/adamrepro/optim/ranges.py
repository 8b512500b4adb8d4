"""Hyper-parameters with the range of their values: `beta1: float = decay_rate(0.9)`."""

from dataclasses import Field
from typing import Any

from adamrepro.ranges import POSITIVE, Range, not_negative, number, positive, range_of, rate

__all__ = [
    "Range",
    "decay_rate",
    "fading",
    "is_scheduled",
    "not_negative",
    "number",
    "positive",
    "range_of",
    "step_size",
]

SCHEDULED = "scheduled"
FADING = Range(0, 1, "a number in (0, 1]", low_open=True)

decay_rate = rate
"""The decay rate of a running mean, in [0, 1)."""


def step_size(default: float) -> Any:
    """A step size: above 0, and multiplied by the schedule."""
    return number(default, POSITIVE, **{SCHEDULED: True})


def fading(default: float) -> Any:
    """A factor that makes something vanish over the steps, in (0, 1]; 1 is off."""
    return number(default, FADING)


def is_scheduled(declared: Field[Any]) -> bool:
    return bool(declared.metadata.get(SCHEDULED))
