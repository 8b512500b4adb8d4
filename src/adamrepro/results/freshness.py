"""Whether tables still are what this checkout would make, and if not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adamrepro import paths
from adamrepro.results.commits import DIRTY, changed_files, objection
from adamrepro.results.rows import Row
from adamrepro.results.run_id import row_run_id

CODE = tuple(f"src/adamrepro/{room}" for room in ("data", "models", "optim", "training", "runs"))
"""What trains: a change there may change results, though most do not."""

ROOMS = {"dataset": "data", "model": "models", "optimizer": "optim"}
"""Where the choices of a config group are written, each in a file or folder of its name."""

NAMED = 6
"""Changed files that are named; the others are counted."""


class Freshness(StrEnum):
    """Whether the tables of an experiment are HEAD's, from best to worst."""

    CURRENT = "current"
    CHANGED = "changed since"
    STALE = "stale"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Report:
    """What is found, and why it is no better."""

    freshness: Freshness
    reasons: Sequence[str]


def freshness(rows: Sequence[Row], experiment: str, checkout: Path | None) -> Report:
    """Compare the rows of a runs.csv with what is checked out.

    stale: a run_id no longer follows from its row's settings, or its commit cannot be had again.
    changed since: configs or code that train did, which need not mean other numbers: what does
    mean them makes other run_ids (PROTOCOL). Outside of a checkout only run_ids can be told.
    """
    if not rows:
        return Report(Freshness.UNKNOWN, ["no runs"])
    reasons = []
    if others := sum(row["run_id"] != row_run_id(row) for row in rows):
        count = f"{others} of {len(rows)} runs"
        reasons.append(f"{count} were made by another version of this code: other run_ids")
    if checkout is None:
        known = Freshness.STALE if reasons else Freshness.UNKNOWN
        return Report(known, [*reasons, "not a checkout: its commits are not known here"])
    commits = Counter(row["commit"] for row in rows)
    for commit, runs in commits.items():
        if against := objection(commit, checkout):
            reasons.append(f"{runs} of {len(rows)} runs: {against}")
    trained_by = (*configs(rows, experiment), *CODE)
    since = dict.fromkeys(commit.removesuffix(DIRTY) for commit in commits)
    besides = tuple(elsewhere(rows))
    changed = [line for commit in since for line in _changed(commit, checkout, trained_by, besides)]
    if reasons:
        return Report(Freshness.STALE, [*reasons, *changed])
    return Report(Freshness.CHANGED if changed else Freshness.CURRENT, changed)


def configs(rows: Sequence[Row], experiment: str) -> tuple[str, ...]:
    """The files of configs/ that such rows are composed of."""
    found = {"configs/config.yaml", "configs/schedule"}  # which of them, no row says
    if name := paths.experiments().get(experiment):
        found |= {f"configs/{file}" for file in paths.composed_of(f"experiment/{name}.yaml")}
    for group in ("dataset", "model", "optimizer"):
        names = {row.get(f"{group}.name", "") for row in rows} - {""}
        found |= {f"configs/{group}/{name}.yaml" for name in names}
    return tuple(sorted(found))


def elsewhere(rows: Sequence[Row]) -> Iterator[str]:
    """The code of other data sets, models and rules; of Adam, on which rules build, never."""
    for group, room in ROOMS.items():
        own = {row.get(f"{group}.name", "") for row in rows} | {"adam"}
        for config in sorted((paths.CONFIGS / group).glob("*.yaml")):
            if config.stem not in own:
                yield f"src/adamrepro/{room}/{config.stem}"


def _changed(
    commit: str, checkout: Path, among: Sequence[str], besides: tuple[str, ...]
) -> Iterator[str]:
    """Say which of `among`, without `besides`, differ between a commit and HEAD, where git can."""
    found = changed_files(commit, checkout, tuple(among))
    if files := [file for file in found if not file.startswith(besides)]:
        shown = ", ".join(files[:NAMED])
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        yield f"changed since {commit}: {shown}{more}"
