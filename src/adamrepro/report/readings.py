"""The readings of what the paper leaves open, each with the run of it nearest the paper."""

from __future__ import annotations

from collections.abc import Iterator

from adamrepro.report.sources import Sources
from adamrepro.report.tables import Table, Topic, number
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.panel import CurvePanel
from adamrepro.results.readings import nearest_runs
from adamrepro.results.reference import panel_of


def readings(sources: Sources) -> Iterator[Topic]:
    """The readings of every experiment that was searched, the nearest of each series first."""
    for name, folder in sources.searched.items():
        tables = sources.book.readings.get(name)
        if tables is None:
            why = sources.faults.get(str(folder), f"no tables in {folder}")
            yield Topic(name, notes=[why])
            continue
        try:
            found = nearest_runs(tables, name)
        except DAMAGE as error:
            yield Topic(name, notes=[told(folder, error)])
            continue
        # of a figure that selects nothing readings have as many runs as were of use
        selected = isinstance(panel_of(name), CurvePanel)
        columns = ["series", "reading", "nearest setting", "dex", "points", "runs"]
        seen: set[str] = set()
        rows = []
        for row in found.to_dict("records"):
            series = str(row["series"])
            nearest = series not in seen and bool(row["points"]) and selected
            mark = " \N{LEFTWARDS ARROW} nearest" if nearest else ""
            seen.add(series)
            reading = f"{row['reading'] or 'as in the figure'}{mark}"
            rest = [number(row["fidelity"], 3), str(row["points"]), str(row["runs"])]
            rows.append([series, reading, str(row["setting"]), *rest])
        yield Topic(name, f"From {sources.named(folder)}.", Table(columns, rows))
