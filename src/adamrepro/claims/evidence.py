"""What the claims on the small experiments' tables have in common."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from adamrepro.claims.claim import Kind, Needs

ROUNDING = 1e-12
"""Relative: float64 rounds at 1e-16, a thousand steps add that up."""
DEFAULT = (0.9, 0.999)
"""beta1 and beta2 that the paper recommends."""


def by_seed(rows: pd.DataFrame, column: str) -> tuple[float, ...]:
    """The largest value of each seed."""
    return tuple(rows.groupby("seed")[column].max().tolist())


def at(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """The rows that have these values."""
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def theory(
    table: str, *, examples: int | None = None, sizes: Mapping[str, int] | None = None
) -> Needs:
    """What a claim needs of a small experiment's table."""
    return Needs(kind=Kind.THEORY, table=table, examples=examples, sizes=sizes or {})
