"""One's own experiments beside the published ones: what there is to compare, and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adamrepro.results.comparison import compare
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.layout import experiments_in, table_of
from adamrepro.results.rows import read_rows
from adamrepro.results.run_id import row_run_id
from adamrepro.results.schema import Tables


@dataclass(frozen=True)
class Comparison:
    """Everything that is published, beside one's own.

    table: a row per series, as `compare` makes it; None where nothing could be compared. notes:
    what there is nothing, or not everything, to compare of, and why. faults: tables that are not
    what training writes.
    """

    table: pd.DataFrame | None
    notes: Sequence[str]
    faults: Sequence[str]


def compare_all(own: Path, record: Path) -> Comparison:
    """Compare every experiment that is published. own, record: folders of a budget."""
    published = experiments_in(record)
    if not published:
        return Comparison(None, [f"{record}: nothing is published there to compare with"], [])
    tables, notes, faults = [], [], []
    for name in published:
        try:
            notes += list(obstacles(own, record, name))
            if Tables.exist(own / name):
                tables.append(compare(own / name, record / name))
        except DAMAGE as error:
            faults.append(told(own / name, error))
    return Comparison(pd.concat(tables, ignore_index=True) if tables else None, notes, faults)


def obstacles(own: Path, record: Path, name: str) -> Iterator[str]:
    """Say why there is nothing, or not everything, to compare of an experiment."""
    if not Tables.exist(own / name):
        stand_in = own.with_name(table_of(own.name, stand_in=True)) / name
        why = "your runs used stand-in data" if Tables.exist(stand_in) else "no runs of yours"
        yield f"{name}: {why}; nothing to compare"
        return
    for folder, whose in ((own / name, "your runs"), (record / name, "the published runs")):
        rows = read_rows(folder / "runs.csv")
        if others := sum(row["run_id"] != row_run_id(row) for row in rows):
            version = "by another version of this code, and cannot be compared"
            yield f"{name}: {others} of {len(rows)} of {whose} were made {version}"
