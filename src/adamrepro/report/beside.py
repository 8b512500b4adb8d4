"""One's own runs beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from adamrepro.report.damage import DAMAGE, told
from adamrepro.report.plot import Table, number
from adamrepro.report.sources import Sources
from adamrepro.results.comparable import obstacles
from adamrepro.results.comparison import Agreement, compare, conclusion
from adamrepro.results.schema import Tables


@dataclass(frozen=True)
class Comparison:
    """A row per series, a sentence on all of them, and what could not be compared, and why."""

    table: Table | None
    conclusion: str
    notes: Sequence[str]


def comparison(sources: Sources) -> Comparison:
    """Compare every experiment that is published; without any: why there is nothing to compare."""
    if sources.record is None:
        return Comparison(None, "", ["These are the published tables themselves."])
    own, record = sources.folder, sources.record / sources.budget
    published = sorted(path.parent.name for path in record.glob("*/runs.csv"))
    if not published:
        return Comparison(None, "", [f"{record}: nothing is published there to compare with."])
    notes, found = [], []
    try:
        notes = list(obstacles(own, record, published))
    except DAMAGE as error:
        notes = [told(own, error)]
    for name in published:
        if Tables.exist(own / name):
            try:
                found.append(compare(own / name, record / name))
            except DAMAGE as error:
                notes.append(told(name, error))
    if not found:
        return Comparison(None, "", notes)
    table = pd.concat(found, ignore_index=True)
    return Comparison(_table(table), conclusion(table), notes)


def _table(table: pd.DataFrame) -> Table:
    counts = [str(kind) for kind in Agreement]
    columns = ["experiment", "series", "verdict", "runs", *counts, "largest, dex", "where"]
    columns += ["same runs", "missing", "CPU s", "published CPU s", "machines", "published on"]
    rows = []
    for row in table.to_dict("records"):
        verdict = row["verdict"] or ("the same runs" if row["same_runs"] else "not comparable")
        cells = [row["experiment"], row["series"], verdict, row["runs"], *(row[k] for k in counts)]
        cells += [number(row["largest"], 3), row["where"], row["same_runs"], row["missing"]]
        cells += [number(row[key], 3) for key in ("cpu_seconds", "published_cpu_seconds")]
        cells += [row["machines"], row["published_machines"]]
        rows.append([str(cell) for cell in cells])
    return Table(columns, rows)
