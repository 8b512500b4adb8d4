"""The readings of what the paper leaves open, each with the run of it nearest the paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adamrepro.report.damage import DAMAGE, told
from adamrepro.report.plot import Table, number
from adamrepro.report.sources import Sources
from adamrepro.results.readings import nearest


@dataclass(frozen=True)
class Candidates:
    """The readings of an experiment, the nearest of each series first, or why there are none."""

    experiment: str
    source: str
    table: Table | None
    missing: str = ""


def readings(sources: Sources) -> Iterator[Candidates]:
    """The candidates of every experiment whose open settings were searched."""
    for name, folder in sources.searched.items():
        tables = sources.book.readings.get(name)
        if tables is None:
            why = sources.faults.get(str(folder), f"no tables in {folder}")
            yield Candidates(name, str(folder), None, why)
            continue
        try:
            found = nearest(tables, name)
        except DAMAGE as error:
            yield Candidates(name, str(folder), None, told(folder, error))
            continue
        columns = ["series", "reading", "nearest setting", "dex", "points", "runs"]
        seen: set[str] = set()
        rows = []
        for row in found.to_dict("records"):
            series = str(row["series"])
            mark = "" if series in seen else " \N{LEFTWARDS ARROW} nearest"
            seen.add(series)
            reading = f"{row['reading'] or 'as in the figure'}{mark}"
            rest = [number(row["fidelity"], 3), str(row["points"]), str(row["runs"])]
            rows.append([series, reading, str(row["setting"]), *rest])
        yield Candidates(name, sources.named(folder), Table(columns, rows))
