"""Every run of the budget, a row each, for the table that can be filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from adamrepro.report.sources import Sources
from adamrepro.report.tables import number
from adamrepro.results.damage import DAMAGE
from adamrepro.results.fidelity import distances, figure_4_losses
from adamrepro.results.panel import GridPanel
from adamrepro.results.reference import EXPERIMENTS, panel_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import costs_at_horizon, hyper_parameters
from adamrepro.results.summary import describe

MOST = 4_000
"""Rows on the page, so that it stays small enough to be sent to somebody."""

COLUMNS = (
    *("experiment", "series", "reading", "role", "setting", "seed", "status"),
    *("passes", "cost", "dex", "seconds", "CPU s", "machine", "commit", "date", "run_id"),
)
FILTERS = ("experiment", "series", "role", "status")
"""Columns that have a list of their values to choose from."""


@dataclass(frozen=True)
class Runs:
    """Rows of text in the order of `columns`, and how many the tables have beyond them."""

    columns: list[str]
    rows: list[list[str]]
    left_out: int


def runs(sources: Sources) -> Runs:
    """Every run of the budget's tables; a column that is blank throughout is left out."""
    rows = [row for name, tables in sources.tables.items() for row in of(name, tables, sources)]
    known = [place for place in range(len(COLUMNS)) if any(row[place] for row in rows)]
    shown = [[row[place] for place in known] for row in rows[:MOST]]
    return Runs([COLUMNS[place] for place in known], shown, max(0, len(rows) - MOST))


def of(name: str, tables: Tables, sources: Sources) -> Iterator[list[str]]:
    """The rows of an experiment: cost at the end and distance where the paper has a figure."""
    try:
        costs, dex = scores(name, tables, sources)
    except DAMAGE:  # said where the figure would stand
        costs, dex = {}, {}
    families = {series: hyper_parameters(rows) for series, rows in tables.runs.groupby("series")}
    for row in tables.runs.to_dict("records"):
        run = pd.Series(row)
        yield [
            name,
            *(text(row[key]) for key in ("series", "reading", "role")),
            describe(run, families[row["series"]]),
            text(row.get("seed")),
            text(row["status"]),
            text(row.get("training.epochs")),
            number(costs.get(row["run_id"])),
            number(dex.get(row["run_id"]), 3),
            *(number(row[key], 3) for key in ("seconds", "cpu_seconds")),
            *(text(row[key]) for key in ("machine", "commit", "date", "run_id")),
        ]


def scores(
    name: str, tables: Tables, sources: Sources
) -> tuple[dict[str, float], dict[str, float]]:
    """Plotted cost at the horizon, and distance from the paper, by run."""
    if name not in EXPERIMENTS:
        return {}, {}
    panel, found = panel_of(name), tables.runs
    dex = distances(found, tables.curves, panel, sources.book.references[panel.name])["dex"]
    if isinstance(panel, GridPanel):
        losses = figure_4_losses(found, tables.curves, list(panel.epochs))
        costs = losses.sort_values("epochs").groupby("run_id")["loss"].last()
    else:
        costs = costs_at_horizon(found, tables.curves, panel)["cost"]
    return by_run(costs), by_run(dex)


def by_run(values: pd.Series) -> dict[str, float]:
    return {str(run): float(value) for run, value in values.items()}


def text(value: object) -> str:
    """A cell: blank for nothing, whole numbers without a point."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
