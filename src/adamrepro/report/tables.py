"""Tables of the page, and topics: a table with a few words, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A small table of the page; cells are text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Topic:
    """A table and what it shows; notes say what is not in it, and why, or why there is none."""

    title: str
    text: str = ""
    table: Table | None = None
    notes: Sequence[str] = ()


def number(value: object, digits: int = 4) -> str:
    """A measured value in a table of the page; blank where there is none."""
    if value is None or not isinstance(value, int | float) or math.isnan(value):
        return ""
    if math.isinf(value):
        return "diverged"
    return f"{value:.{digits}g}"
