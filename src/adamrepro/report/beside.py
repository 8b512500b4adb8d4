"""One's own runs beside the published ones."""

from __future__ import annotations

import pandas as pd

from adamrepro.report.sources import Sources
from adamrepro.report.tables import Table, Topic, number
from adamrepro.results.comparable import compare_all
from adamrepro.results.comparison import Agreement, conclusion, verdict_of

TITLE = "Your runs beside the published ones"


def comparison(sources: Sources) -> Topic:
    """A row per series, a sentence on all of them, and what could not be compared, and why."""
    if sources.record is None:
        return Topic(TITLE, notes=["These are the published tables themselves."])
    found = compare_all(sources.folder, sources.record / sources.budget)
    notes = [*found.notes, *found.faults]
    if found.table is None:
        return Topic(TITLE, notes=notes)
    return Topic(TITLE, f"{conclusion(found.table)}.", _table(found.table), notes)


def _table(table: pd.DataFrame) -> Table:
    counts = [str(kind) for kind in Agreement]
    columns = ["experiment", "series", "verdict", "runs", *counts, "largest, dex", "where"]
    columns += ["same runs", "missing", "CPU s", "published CPU s", "machines", "published on"]
    rows = []
    for row in table.to_dict("records"):
        cells = [row["experiment"], row["series"], verdict_of(row), row["runs"]]
        cells += [row[kind] for kind in counts]
        cells += [number(row["largest"], 3), row["where"], row["same_runs"], row["missing"]]
        cells += [number(row[key], 3) for key in ("cpu_seconds", "published_cpu_seconds")]
        cells += [row["machines"], row["published_machines"]]
        rows.append([str(cell) for cell in cells])
    return Table(columns, rows)
