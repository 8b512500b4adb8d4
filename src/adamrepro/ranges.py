"""Settings that declare the range of their values with their default: `epochs: int = whole(10)`."""

import math
from dataclasses import Field, dataclass, field, fields
from typing import Any

from adamrepro.errors import require

KEY = "range"


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; an open end is not among them."""

    low: float
    high: float
    text: str
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    def __contains__(self, value: float) -> bool:
        if self.whole and value % 1 != 0:
            return False
        above = self.low < value if self.low_open else self.low <= value
        below = value < self.high if self.high_open else value <= self.high
        return above and below


POSITIVE = Range(0, math.inf, "a number above 0", low_open=True, high_open=True)
NOT_NEGATIVE = Range(0, math.inf, "a number, 0 or above", high_open=True)
WHOLE = Range(1, math.inf, "a whole number above 0", high_open=True, whole=True)
RATE = Range(0, 1, "a number in [0, 1)", high_open=True)


def number(default: float | None, within: Range, **more: object) -> Any:
    """Declare a number within a range, with more to know of it; null, where that is the default."""
    return field(default=default, metadata={KEY: within, **more})


def positive(default: float | None) -> Any:
    return number(default, POSITIVE)


def not_negative(default: float) -> Any:
    return number(default, NOT_NEGATIVE)


def whole(default: int | None) -> Any:
    """A count of something, 1 or above."""
    return number(default, WHOLE)


def rate(default: float) -> Any:
    return number(default, RATE)


def range_of(declared: Field[Any]) -> Range | None:
    found: Range | None = declared.metadata.get(KEY)
    return found


def check_ranges(section: str, settings: Any) -> None:
    """Raise UserError for a value outside of the range declared with its field.

    Where true or false is the default, it is one of the two.
    """
    for declared in fields(settings):
        within, value = range_of(declared), getattr(settings, declared.name)
        if isinstance(declared.default, bool):
            require(isinstance(value, bool), f"{section}.{declared.name}", value, "true or false")
        if within is not None and not (value is None and declared.default is None):
            expected = ("null or " if declared.default is None else "") + within.text
            require(value in within, f"{section}.{declared.name}", value, expected)
