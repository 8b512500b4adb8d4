"""Where each figure comes from: runs, configs, commits, data, machines, and whether it is stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adamrepro.errors import counted
from adamrepro.report.sources import Sources
from adamrepro.report.tables import number
from adamrepro.results.freshness import Report, configs, freshness
from adamrepro.results.machines import read_machines
from adamrepro.results.rows import Row, read_rows


@dataclass(frozen=True)
class Origin:
    """What an experiment's tables say of themselves: terms with what belongs to them."""

    experiment: str
    report: Report
    facts: Sequence[tuple[str, Sequence[str]]]


def origin(name: str, sources: Sources, checkout: Path | None) -> Origin:
    """The provenance of an experiment whose tables were read."""
    folder = sources.folder / name
    rows = read_rows(folder / "runs.csv")
    machines = read_machines(folder)
    facts = [
        (
            "runs",
            [_counted(rows, "role"), _counted(rows, "status"), f"tables: {sources.named(folder)}"],
        ),
        ("configs", configs(rows, name)),
        ("commit", _each(rows, "commit")),
        ("data", [f"{_counted(rows, 'data_source')}, sha256 {_list(rows, 'data_sha')}"]),
        ("machine", [_machine(machines, key) for key in _values(rows, "machine")] or _old(rows)),
        ("trained", [_dates(rows), _hours(rows)]),
    ]
    return Origin(name, freshness(rows, name, checkout), facts)


def _values(rows: Sequence[Row], column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows if row.get(column)))


def _list(rows: Sequence[Row], column: str) -> str:
    return ", ".join(_values(rows, column)) or "not recorded"


def _counted(rows: Sequence[Row], column: str) -> str:
    """How many rows have each value: "118 grid, 30 confirm"."""
    found = Counter(row.get(column) or "not recorded" for row in rows)
    return ", ".join(f"{count} {value}" for value, count in found.items())


def _each(rows: Sequence[Row], column: str) -> list[str]:
    """A line for each value with how many runs have it."""
    found = Counter(row.get(column) or "not recorded" for row in rows)
    return [f"{value} ({counted(count, 'run')})" for value, count in found.items()]


def _machine(machines: dict[str, Row], key: str) -> str:
    if key not in machines:
        return f"{key}: not in machines.csv"
    row = machines[key]
    what = [row["gpu"], row["processor"], f"{row['cores']} cores", row["instructions"]]
    what += [row["system"], f"Python {row['python']}", f"torch {row['torch']}"]
    return f"{key}: " + ", ".join(part for part in what if part)


def _old(rows: Sequence[Row]) -> list[str]:
    """What tables tell that were written before machines.csv."""
    return [f"{_list(rows, 'device')}, torch {_list(rows, 'torch')}; the machine is not recorded"]


def _dates(rows: Sequence[Row]) -> str:
    dates = sorted(_values(rows, "date"))
    if not dates:
        return "date not recorded"
    return dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"


def _hours(rows: Sequence[Row]) -> str:
    """Training time, of the processor where all rows know it."""
    for column, what in (("cpu_seconds", "processor hours"), ("seconds", "hours by the clock")):
        if all(row.get(column) for row in rows):
            return f"{number(sum(float(row[column]) for row in rows) / 3600, 3)} {what}"
    return "time not recorded"
