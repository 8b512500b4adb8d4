"""What a reviewer would ask of a table of runs before it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.checksum import verify
from adamrepro.results.kinds import Status
from adamrepro.results.machines import machine_id, read_machines
from adamrepro.results.rows import Row, read_curves, read_rows
from adamrepro.results.run_id import SettingsKey, key_of, row_run_id, row_setting_id

Labels = tuple[str, str, str]
"""Series, reading and role of a run."""

Planned = Mapping[SettingsKey, frozenset[Labels]]
"""Every run that an experiment has at a budget, and what it may be called."""


NAMED = 3
"""Runs that are named of those with the same fault."""


@dataclass(frozen=True)
class Context:
    """What a row is judged by."""

    curve: list[Row]
    machines: Mapping[str, Row]
    planned: Planned
    rows: int
    """That have the same settings and seed."""
    against_commit: Callable[[str], str]


def objections(
    folder: Path, planned: Planned, against_commit: Callable[[str], str], *, partial: bool = False
) -> list[str]:
    """Say what speaks against publishing the tables in `folder`: nothing, or a line for each fault.

    against_commit: says what speaks against a commit, "" for nothing. partial: runs may be missing.
    """
    try:
        rows = read_rows(folder / "runs.csv")
        curves = read_curves(folder / "curves.csv", {row["run_id"]: row for row in rows})
        verify(folder, {row["run_id"]: row for row in rows}, curves)
        machines = read_machines(folder)
    except UserError as error:
        return [str(error)]
    count = Counter(key_of(row) for row in rows)
    faulty: dict[str, list[str]] = {}
    for row in rows:
        context = Context(
            curves[row["run_id"]], machines, planned, count[key_of(row)], against_commit
        )
        if text := next(filter(None, (fault(row, context) for fault in FAULTS)), ""):
            faulty.setdefault(text, []).append(row["run_id"])
    found = [f"{listed(names)}: {text}" for text, names in faulty.items()]
    return found if partial else found + list(missing(rows, planned))


def listed(names: list[str]) -> str:
    """Name some runs, and count the others."""
    shown = ", ".join(names[:NAMED])
    rest = f" and {len(names) - NAMED} others" if len(names) > NAMED else ""
    return f"run{'s' if len(names) > 1 else ''} {shown}{rest}"


def missing(rows: list[Row], planned: Planned) -> Iterator[str]:
    """Say how many planned runs have no row, and describe the first of them."""
    there = {key_of(row) for row in rows}
    absent = [settings for settings in planned if settings not in there]
    if absent:
        series, reading, role = min(planned[absent[0]])
        shown = " ".join(f"{k}={v}" for k, v in sorted(absent[0]) if k in SHOWN)
        name = " ".join(part for part in (role, series, reading) if part)
        count = f"{len(absent)} of {len(planned)} runs are missing"
        yield f"{count}, the first of them {name}: {shown}"


SHOWN = ("optimizer.alpha", "optimizer.beta1", "optimizer.beta2", "optimizer.momentum", "seed")


def identity(row: Row, context: Context) -> str:
    if row_run_id(row) == row["run_id"] and row_setting_id(row) == row["setting_id"]:
        return ""
    return "the run_id does not follow from the settings: written by another version of this code"


def data(row: Row, context: Context) -> str:
    source = row["data_source"]
    return "trained on stand-in data" if source == "stand-in" else "" if source else "no data named"


def commit(row: Row, context: Context) -> str:
    return context.against_commit(row["commit"])


def plan(row: Row, context: Context) -> str:
    names = context.planned.get(key_of(row), frozenset())
    if (row["series"], row["reading"], row["role"]) in names:
        return ""
    return "an orphan: nothing in configs/ asks for such a run of this series, reading and role"


def machine(row: Row, context: Context) -> str:
    name = row.get("machine", "")
    if not name or name not in context.machines:
        return "its machine is not recorded in machines.csv"
    if machine_id(context.machines[name]) != name:
        return f"machine {name} was changed in machines.csv after it was written"
    blank = [key for key in ("seconds", "cpu_seconds", "date") if not row.get(key)]
    return f"{blank[0]} is not recorded" if blank else ""


def repetition(row: Row, context: Context) -> str:
    return "its setting and seed are there more than once" if context.rows > 1 else ""


def horizon(row: Row, context: Context) -> str:
    epochs = {int(point["epoch"]) for point in context.curve if point["train_cost"]}
    last = max(epochs, default=0)
    if row["status"] == Status.DIVERGED:
        return "" if row["diverged_epoch"] else "diverged, but it is not said when"
    whole = set(range(1, int(row["training.epochs"]) + 1))
    if whole <= epochs:
        return ""
    return f"its curve has gaps or ends at epoch {last} of {max(whole)}"


FAULTS: tuple[Callable[[Row, Context], str], ...] = (
    data,
    identity,
    commit,
    plan,
    repetition,
    machine,
    horizon,
)
"""What may be wrong with a row: each returns what is, or nothing. The first fault is told."""
