"""Which runs stand for the curves of a claim: tuned, recovered, and other readings that fit.

The tuned settings decide; a verdict is stable if the recovered ones, and those of every reading of
the paper that fits about as well, say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.claims.book import Book
from adamrepro.results.fidelity import distances
from adamrepro.results.kinds import Status
from adamrepro.results.reference import CURVE_PANELS, panel_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection, choose, drawn_runs, every_point

ABOUT = 0.005
"""Readings within this many dex of the nearest one fit about as well: a choice. Two seeds of a
setting of Figure 1b differ by that much, of Figure 1a by less."""


@dataclass(frozen=True)
class Chosen:
    """Runs by series, all of the same seeds, and their curves.

    reading: "" for the chosen one.
    """

    selection: Selection
    reading: str
    experiment: str
    runs: Mapping[str, pd.DataFrame]
    curves: pd.DataFrame
    at_edge: Mapping[str, tuple[str, ...]]
    every: pd.DataFrame
    """All runs of the experiment's chosen reading, whatever their setting."""

    @property
    def name(self) -> str:
        return f"{self.reading} ({self.selection})" if self.reading else str(self.selection)

    @property
    def run_ids(self) -> str:
        """All runs that stand for the series."""
        return " ".join(f"{name} {' '.join(runs['run_id'])}" for name, runs in self.runs.items())

    @property
    def seeds(self) -> list[int]:
        """The seeds that every series has."""
        return sorted(set.intersection(*(set(runs["seed"]) for runs in self.runs.values())))

    def run_of(self, series: str) -> pd.DataFrame:
        """The rows of a series for the common seeds, in their order."""
        runs = self.runs[series].drop_duplicates("seed").set_index("seed", drop=False)
        return runs.loc[self.seeds]

    def costs(self, series: str, column: str = "", passes: int | None = None) -> np.ndarray:
        """Costs [seeds, passes] of passes 1, 2, ... that the panel shows.

        column: the panel's own cost unless named.
        """
        panel = CURVE_PANELS[panel_of(self.experiment).name]
        last = passes or min(panel.last_epoch_of(name) for name in self.runs)
        column = column or panel.cost_of(series)
        return costs_of(self.run_of(series), self.curves, column, last)


def costs_of(runs: pd.DataFrame, curves: pd.DataFrame, column: str, last: int) -> np.ndarray:
    """Costs [runs, passes] of passes 1 to last.

    A run that diverged made no progress: it counts as being where it started, at its cost before
    any step.
    """
    rows = []
    for run in runs.itertuples():
        curve = curves[curves["run_id"] == run.run_id].set_index("epoch")
        cost = curve[column].reindex(range(1, last + 1)).to_numpy(dtype=float)
        if run.status == Status.DIVERGED:
            cost = np.full(last, float(curve["train_nll"].loc[0]))
        rows.append(cost)
    return np.array(rows)


def selections(book: Book, experiment: str, series: Sequence[str]) -> list[Chosen]:
    """Tuned, recovered, then those of the readings that fit about as well; the same runs once."""
    tables = book.tables[experiment]
    found = _chosen(book, experiment, series, tables)
    distinct: dict[str, Chosen] = {}
    for each in found + _readings(book, experiment, series):
        distinct.setdefault(each.run_ids, each)
    return list(distinct.values())


def _chosen(
    book: Book,
    experiment: str,
    series: Sequence[str],
    tables: Tables,
    reading: str = "",
) -> list[Chosen]:
    panel = panel_of(experiment)
    choices = choose(tables.runs, tables.curves, panel, book.references[panel.name])
    found = []
    for selection in reversed(Selection):
        own = [c for c in choices if c.selection is selection and c.series in series]
        found.append(
            Chosen(
                selection=selection,
                reading=reading,
                experiment=experiment,
                runs={choice.series: drawn_runs(tables.runs, choice) for choice in own},
                curves=tables.curves,
                at_edge={choice.series: choice.at_edge for choice in own if choice.at_edge},
                every=every_point(tables.runs),
            )
        )
    return found


def _readings(book: Book, experiment: str, series: Sequence[str]) -> list[Chosen]:
    """A selection for each reading that fits some series about as well as the nearest one does.

    A series that this reading does not fit has its own fitting reading that shares most with it.
    """
    if experiment not in book.readings:
        return []
    tables, panel = book.readings[experiment], panel_of(experiment)
    runs = tables.runs[tables.runs["series"].isin(series) & tables.runs["reading"].ne("")]
    if set(runs["series"]) != set(series):
        return []
    dex = distances(runs, tables.curves, panel, book.references[panel.name])["dex"]
    near = runs.assign(dex=runs["run_id"].map(dex)).groupby(["series", "reading"])["dex"].min()
    fitting = {
        name: list(of[of <= of.min() + ABOUT].droplevel("series").sort_values().index)
        for name, of in near.groupby("series")
    }
    # a series that is nowhere in the paper's frame has no distance: all its readings fit
    every = {name: list(of.droplevel("series").index) for name, of in near.groupby("series")}
    found, seen = [], []
    for reading in dict.fromkeys(name for of in fitting.values() for name in of):
        chosen = {name: _closest(reading, fitting[name] or every[name]) for name in series}
        if chosen in seen:
            continue
        seen.append(chosen)
        mask = runs["series"].map(chosen) == runs["reading"]
        own = Tables(runs[mask].assign(reading=""), tables.curves)
        if set(chosen.values()) != {reading}:
            reading = ", ".join(f"{name} as {its}" for name, its in chosen.items())
        found += _chosen(book, experiment, series, own, reading)
    return found


def _closest(reading: str, candidates: Sequence[str]) -> str:
    parts = set(reading.split("; "))
    return max(candidates, key=lambda name: len(parts & set(name.split("; "))))
