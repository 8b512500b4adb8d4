"""The tables that claims are judged on, and what may stand against judging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from adamrepro.results.reference import EXPERIMENTS, panel_of, read_references
from adamrepro.results.schema import Tables, limits
from adamrepro.results.select import Role, choose, drawn_runs, every_point, grid_of

# Fewer passes say nothing about how something converges.
MIN_PASSES = 5


@dataclass(frozen=True)
class Book:
    """All tables of one budget by experiment, and the paper's curves by panel."""

    tables: Mapping[str, Tables]
    references: Mapping[str, pd.DataFrame]

    @classmethod
    def read(cls, results: Path, budget: str) -> Book:
        """Read what `results`/budget holds; experiments without tables are left out."""
        folders = {name: results / budget / name for name in EXPERIMENTS}
        found = {name: Tables.read(at) for name, at in folders.items() if Tables.exist(at)}
        return cls(found, read_references())


@dataclass(frozen=True)
class Costs:
    """Training cost of each series' chosen setting: arrays [seeds, passes], inf once diverged.

    Row i of every series has the same seed, hence the same initial parameters and minibatches.
    """

    by_series: Mapping[str, np.ndarray]
    seeds: int
    role: str

    def __getitem__(self, series: str) -> np.ndarray:
        """Costs of a series, [seeds, passes]."""
        return self.by_series[series]

    @property
    def passes(self) -> int:
        """How many passes there are."""
        return int(next(iter(self.by_series.values())).shape[1])


def obstacle(
    book: Book, experiment: str, series: Sequence[str] = (), passes: int = MIN_PASSES
) -> str:
    """Why the experiment's tables cannot be judged, or ""."""
    if experiment not in book.tables:
        return f"no tables for {experiment}"
    tables = book.tables[experiment]
    runs = every_point(tables.runs)
    if (runs["data_source"] == "stand-in").any():
        return f"{experiment} ran on stand-in data"
    if grid_of(runs).empty:
        return f"{experiment} has no grid runs"
    missing = [name for name in series if name not in set(runs["series"])]
    if missing:
        return f"{experiment} has no runs of {', '.join(missing)}"
    ran = passes_of(tables.curves, runs)
    return f"{experiment} ran for {ran} passes, {passes} are needed" if ran < passes else ""


def passes_of(curves: pd.DataFrame, runs: pd.DataFrame) -> int:
    """The last epoch that any of `runs` has."""
    known = curves["run_id"].isin(runs["run_id"]) & curves["train_cost"].notna()
    return int(curves.loc[known, "epoch"].max()) if known.any() else 0


def scope(book: Book, experiment: str, epochs: int) -> str:
    """What limits a verdict: data, examples, passes; "" if nothing was cut."""
    return ", ".join(limits(every_point(book.tables[experiment].runs), epochs))


def costs(
    book: Book, experiment: str, series: Sequence[str], role: Role, column: str = "train_cost"
) -> Costs:
    """`column` of each series' chosen setting over the passes that the panel shows."""
    tables, panel = book.tables[experiment], panel_of(experiment)
    choices = choose(tables.runs, tables.curves, panel, book.references[panel.name])
    runs = {
        choice.series: drawn_runs(tables.runs, choice).set_index("seed")["run_id"]
        for choice in choices
        if choice.role == role and choice.series in series
    }
    last = min(panel.last_epoch, passes_of(tables.curves, grid_of(tables.runs)))
    table = tables.curves.pivot(index="run_id", columns="epoch", values=column)
    table = table.reindex(columns=range(1, last + 1)).fillna(np.inf)
    shared = sorted(set.intersection(*(set(found.index) for found in runs.values())))
    arrays = {
        # Without a seed in common, the mean curves are compared.
        name: table.loc[found.loc[shared] if shared else found].to_numpy(dtype=float)
        for name, found in runs.items()
    }
    if not shared:
        arrays = {name: array.mean(axis=0, keepdims=True) for name, array in arrays.items()}
    confirmed = tables.runs["role"].eq("confirm") & tables.runs["seed"].isin(shared)
    return Costs(arrays, max(1, len(shared)), "confirmation" if confirmed.any() else "grid")
