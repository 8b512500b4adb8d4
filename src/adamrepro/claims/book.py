"""The tables that claims are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from adamrepro.results.layout import SEARCH, budget_of
from adamrepro.results.reference import EXPERIMENTS, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.written import read_written


@dataclass(frozen=True)
class Book:
    """Tables of one budget.

    tables: by experiment. theory: the small experiments' tables by name. readings: the tables of
    the search over open settings, by experiment. references: the paper's curves by panel.
    """

    tables: Mapping[str, Tables]
    references: Mapping[str, pd.DataFrame]
    theory: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    readings: Mapping[str, Tables] = field(default_factory=dict)

    @classmethod
    def read(cls, results: Path, budget: str) -> Book:
        """Read what `results`/budget holds; what has no tables is left out."""
        return cls(
            _tables(results / budget),
            read_references(),
            theory_tables(results, budget),
            _tables(results / SEARCH),
        )


def _tables(folder: Path) -> dict[str, Tables]:
    folders = {name: folder / name for name in EXPERIMENTS}
    return {name: Tables.read(at) for name, at in folders.items() if Tables.exist(at)}


def theory_tables(results: Path, budget: str) -> dict[str, pd.DataFrame]:
    """The theory tables; next to stand-ins those count that need no data."""
    found: dict[str, pd.DataFrame] = {}
    for folder in (budget_of(budget), budget):
        for path in sorted((results / folder / "theory").glob("*.csv")):
            found[path.stem] = read_written(path, {"commit": str})
    return found
