"""Whether a reproduction reproduces: one's own runs beside the published ones of the same name.

Runs are the same if their run_id is: the same settings, seed, data and protocol. What may then
differ is the machine, and the versions of torch and of this code. A pair of runs is

identical       every cell of both curves is the same, to the last of its six digits, and so is
                the status;
rounding        at no common epoch does one of the four costs differ by more than ROUNDING,
                relative to the larger (an error rate counts examples, so it is left out here);
within seeds    the root mean square over the epochs of log10(own/published), of train_cost, is at
                most that between the published confirmation seeds of the same setting (over all
                pairs of seeds); for a setting that was not confirmed, the smallest of its series;
different       anything else: among it a run that diverged here and not there, and one whose
                series has no two published seeds to measure a spread by.

A series is as good as the worst of its runs. A run that is a published one itself, of whichever
budget, taken over or published from here (it has the same times, date and machine), is counted, and
not compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adamrepro.results.kinds import Role, Status
from adamrepro.results.machines import read_machines
from adamrepro.results.rows import read_rows
from adamrepro.results.schema import COSTS, Tables

ROUNDING = 1e-4
"""Of a cost, relative: a hundred units of the tables' last digit."""

STATUS = ("status", "diverged_epoch")
TRAINING = ("seconds", "cpu_seconds", "machine", "commit", "date")
Training = tuple[str, ...]

RELATIVE = tuple(name for name in COSTS if name != "test_error")


Curves = Mapping[str, pd.DataFrame]
"""Of each run: the costs COSTS, by epoch."""


class Agreement(StrEnum):
    """How near a run is to the published one, from best to worst."""

    IDENTICAL = "identical"
    ROUNDING = "rounding"
    SEEDS = "within seeds"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Pair:
    """A run of one's own and the published run of the same run_id."""

    series: str
    agreement: Agreement
    dex: float
    """The largest |log10(own/published)| of a cost at a common epoch; inf where one diverged."""
    where: str
    """Run, epoch and cost of the largest difference; blank if there is none."""


def compare(own: Path, published: Path) -> pd.DataFrame:
    """Compare an experiment's own tables with the published ones: a row per series.

    own, published: folders with tables. Columns: experiment, series, verdict (the worst agreement,
    blank without a run to compare), runs (compared), a count for each agreement, largest (dex),
    where, same_runs, missing (published runs that are not among one's own), extra (the reverse),
    cpu_seconds and published_cpu_seconds (of the runs compared; nan where a table does not tell),
    machines and published_machines.

    Raises UserError for a table that is missing, damaged, or was changed by hand.
    """
    ours, theirs = Tables.read(own), Tables.read(published)
    machines = machine_names(own), machine_names(published)
    curves = by_run(ours.curves), by_run(theirs.curves)
    taken = trainings(own) & set[Training]().union(
        *(trainings(other) for other in published.parents[1].glob(f"*/{published.name}"))
    )
    same = {run_id for run_id, *_ in taken}
    names = dict.fromkeys([*theirs.runs["series"], *ours.runs["series"]])
    rows = []
    for name in names:
        mine = ours.runs[ours.runs["series"] == name].set_index("run_id")
        other = theirs.runs[theirs.runs["series"] == name].set_index("run_id")
        row = row_of(name, mine, other, same, curves, machines)
        rows.append({"experiment": own.name, **row})
    return pd.DataFrame(rows)


def row_of(
    series: str,
    mine: pd.DataFrame,
    other: pd.DataFrame,
    same: Collection[str],
    curves: tuple[Curves, Curves],
    machines: tuple[dict[str, str], dict[str, str]],
) -> dict[str, object]:
    """Compare one's own and the published runs of one series, given by run_id.

    same: the run_id of own runs that are published ones themselves.
    """
    common = [run for run in mine.index if run in other.index]
    trained = [run for run in common if run not in same]
    pairs = list(pairs_of(series, mine.loc[trained], other, curves))
    worst = max(pairs, key=lambda pair: pair.dex, default=None)
    order = list(Agreement)
    verdict = max((pair.agreement for pair in pairs), key=order.index, default="")
    return {
        "series": series,
        "verdict": str(verdict),
        "runs": len(pairs),
        **{str(kind): sum(pair.agreement is kind for pair in pairs) for kind in Agreement},
        "largest": worst.dex if worst else float("nan"),
        "where": worst.where if worst else "",
        "same_runs": len(common) - len(trained),
        "missing": len(other.index.difference(mine.index)),
        "extra": len(mine.index.difference(other.index)),
        "cpu_seconds": seconds(mine.loc[trained]),
        "published_cpu_seconds": seconds(other.loc[trained]),
        "machines": used(mine.loc[trained], machines[0]),
        "published_machines": used(other.loc[trained], machines[1]),
    }


def trainings(folder: Path) -> set[Training]:
    """What tells trainings apart: run_id, times, machine, commit and date of each run."""
    return {
        tuple(row.get(key, "") for key in ("run_id", *TRAINING))
        for row in read_rows(folder / "runs.csv")
    }


def pairs_of(
    series: str, runs: pd.DataFrame, published: pd.DataFrame, curves: tuple[Curves, Curves]
) -> Iterator[Pair]:
    """Yield a comparison for each of these runs of a series, all of which are published too."""
    mine, other = curves
    spreads = seed_spreads(published, other)
    for name in map(str, runs.index):
        same = all(text_of(runs.at[name, k]) == text_of(published.at[name, k]) for k in STATUS)
        setting = str(published.at[name, "setting_id"])
        spread = spreads.get(setting, min(spreads.values(), default=0.0))
        yield compare_curves(name, series, mine.get(name), other.get(name), spread, same_end=same)


def compare_curves(
    run_id: str,
    series: str,
    own: pd.DataFrame | None,
    published: pd.DataFrame | None,
    spread: float,
    *,
    same_end: bool,
) -> Pair:
    """Compare two curves: frames by epoch, of the columns COSTS.

    spread: of the published seeds, in dex. same_end: whether both ended alike.
    """
    if own is None or published is None or not same_end:
        return Pair(series, Agreement.DIFFERENT, float("inf"), f"{run_id}: the end")
    values = own.to_numpy(dtype=float), published.to_numpy(dtype=float)
    if own.index.equals(published.index) and np.array_equal(*values, equal_nan=True):
        return Pair(series, Agreement.IDENTICAL, 0.0, "")
    both = own.index.intersection(published.index)
    columns = list(RELATIVE)
    a, b = (frame.loc[both, columns].to_numpy(dtype=float) for frame in (own, published))
    with np.errstate(divide="ignore", invalid="ignore"):
        dex = np.abs(np.log10(a / b))
        relative = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
    dex[a == b] = 0.0
    relative[a == b] = 0.0
    unlike = (np.isnan(a) != np.isnan(b)) | (np.isinf(a) != np.isinf(b))
    dex[unlike] = relative[unlike] = float("inf")
    if len(both) == 0 or np.isnan(dex).all():
        return Pair(series, Agreement.DIFFERENT, float("inf"), f"{run_id}: no epoch in common")
    epoch, column = np.unravel_index(int(np.nanargmax(dex)), dex.shape)
    where = f"{run_id}: {columns[int(column)]} at epoch {both[int(epoch)]}"
    cost = dex[:, columns.index("train_cost")]
    known = cost[~np.isnan(cost)]
    rms = float(np.sqrt(np.mean(known**2))) if len(known) else float("inf")
    if own.index.equals(published.index) and float(np.nanmax(relative)) <= ROUNDING:
        agreement = Agreement.ROUNDING
    else:
        agreement = Agreement.SEEDS if rms <= spread else Agreement.DIFFERENT
    return Pair(series, agreement, float(np.nanmax(dex)), where)


def seed_spreads(runs: pd.DataFrame, curves: Curves) -> dict[str, float]:
    """How far apart the confirmation seeds of each setting are, in dex.

    runs: of one series, by run_id. The root mean square of log10(cost/cost) of train_cost, over
    all epochs and pairs of seeds; a setting with fewer than two seeds that ended well has none.
    """
    confirmed = runs[(runs["role"] == Role.CONFIRM) & (runs["status"] == Status.DONE)]
    found = {}
    for setting, seeds in confirmed.groupby("setting_id"):
        costs = {name: curves[name]["train_cost"] for name in seeds.index if name in curves}
        table = pd.DataFrame(costs)
        logs = np.log10(table.dropna().to_numpy(dtype=float))
        gaps = [logs[:, i] - logs[:, j] for i, j in itertools.combinations(range(logs.shape[1]), 2)]
        if gaps and gaps[0].size:
            found[str(setting)] = float(np.sqrt(np.mean(np.square(gaps))))
    return found


def by_run(curves: pd.DataFrame) -> Curves:
    """Curves by run: frames of the costs, by epoch."""
    frames = curves.set_index("epoch").groupby("run_id")
    return {str(name): frame[list(COSTS)].sort_index() for name, frame in frames}


def text_of(value: object) -> str:
    """A cell, with blank for what is not there."""
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def seconds(runs: pd.DataFrame) -> float:
    """Seconds of the processor; nan where any run does not tell."""
    return float(runs["cpu_seconds"].sum(skipna=False)) if len(runs) else float("nan")


def machine_names(folder: Path) -> dict[str, str]:
    """Each machine's processor or GPU, and torch, by its id."""
    return {
        name: f"{row['gpu'] or row['processor']}, torch {row['torch']}"
        for name, row in read_machines(folder).items()
    }


def used(runs: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Name the machines of some runs; blank where the table does not tell."""
    return "; ".join(dict.fromkeys(names[m] for m in runs["machine"] if m in names))


def verdict_of(row: Mapping[Hashable, Any]) -> str:
    """What a row of `compare` comes to, in words, also where no run could be compared."""
    return row["verdict"] or ("the same runs" if row["same_runs"] else "not comparable")


def conclusion(table: pd.DataFrame) -> str:
    """Say in a sentence how many series came out how, and how many runs are missing."""
    found = table["verdict"].value_counts()
    parts = [f"{found[kind]} {kind}" for kind in map(str, Agreement) if kind in found]
    if none := int(((table["verdict"] == "") & (table["same_runs"] == 0)).sum()):
        parts.append(f"{none} not comparable")
    text = f"{len(table)} series" + (f": {', '.join(parts)}" if parts else "")
    if same := int(table["same_runs"].sum()):
        text += f"; {same} runs are the published ones, taken over or published from here"
    if missing := int(table["missing"].sum()):
        text += f"; {missing} published runs are not among yours"
    return text
