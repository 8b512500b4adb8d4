"""How an optimizer stands beside another on a task, each at the step size that is best for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.beyond.answer import Answer, answer
from adamrepro.claims.claim import SEEDS
from adamrepro.claims.effects import final, intervals
from adamrepro.claims.interval import Interval, t_interval
from adamrepro.claims.selection import costs_of
from adamrepro.errors import UserError
from adamrepro.results.kinds import Status
from adamrepro.results.schema import Tables
from adamrepro.results.select import (
    Choice,
    Selection,
    choose,
    confirmed_runs,
    grid_of,
    hyper_parameters,
)
from adamrepro.results.summary import describe
from adamrepro.results.tasks import LR

WORDS = {
    Answer.LOWER: "better",
    Answer.NO: "alike",
    Answer.HIGHER: "worse",
    Answer.UNDECIDED: "undecided",
}
"""What is said of a class whose cost is lower than the other's, and so on."""


@dataclass(frozen=True)
class Tuning:
    """What came of an optimizer's grid.

    settings: in it. chosen: the one with the lowest cost at the end. at_edge: hyper-parameters that
    are the smallest or largest of the grid there. sensitivity: how far the grid's costs at the end
    lie above the lowest of them, on average, in dex. diverged: of all its runs.
    """

    settings: int
    chosen: str
    at_edge: tuple[str, ...]
    sensitivity: float
    diverged: int


@dataclass(frozen=True)
class Tuned:
    """An optimizer on one task, at its tuned setting.

    costs: training costs [seeds, passes]. test: after the last pass, [seeds]: the column `test_of`,
    test_error, or test_nll for models that have none. Seeds are those of `optimizers_of`, in order.
    """

    series: str
    costs: np.ndarray
    test_of: str
    test: np.ndarray
    tuning: Tuning


@dataclass(frozen=True)
class Standing:
    """A class beside another on one task, over seeds that share all but the optimizer.

    leads: passes of all in which its cost, the geometric mean over seeds, is the lower. dex: how
    far its cost lies above the other's, by measure (over all passes, at the end). test: its mean
    and the other's of `test_of` after the last pass; test_gap: how far it lies above.
    """

    task: str
    passes: int
    seeds: int
    leads: int
    dex: Mapping[str, Interval]
    test_of: str
    test: tuple[float, float]
    test_gap: Interval
    tuning: Mapping[str, Tuning]

    @property
    def rank(self) -> int:
        """1 if it ends below the other, else 2."""
        return 1 if self.dex["at the end"].mean < 0 else 2

    @property
    def measured(self) -> dict[str, Interval]:
        """`dex`, and `test_gap` under the name of what it is a gap of."""
        return {**self.dex, self.test_of: self.test_gap}

    @property
    def verdicts(self) -> dict[str, str]:
        return {name: WORDS[answer(interval)] for name, interval in self.dex.items()}


def optimizers_of(tables: Tables) -> dict[str, Tuned]:
    """Return every series of a task's tables at its tuned setting, all over the same seeds.

    These are the confirmation seeds that every series has: fewer than SEEDS of them are a
    UserError. A run that diverged has the test error that it started with.
    """
    runs, curves = tables.runs, tables.curves
    task = str(runs["experiment"].iloc[0])
    choices = [each for each in choose(runs, curves, task) if each.selection is Selection.TUNED]
    confirmed = {choice.series: confirmed_runs(runs, choice) for choice in choices}
    seeds = common_seeds(task, confirmed)
    last = int(runs["training.epochs"].max())
    test_of = "test_nll" if curves["test_error"].isna().all() else "test_error"
    tests = curves.pivot(index="run_id", columns="epoch", values=test_of)
    found = {}
    for choice in choices:
        own = confirmed[choice.series].drop_duplicates("seed").set_index("seed").loc[seeds]
        epochs = np.where(own["status"] == Status.DIVERGED, 0, last)
        at = zip(own["run_id"], epochs, strict=True)
        found[choice.series] = Tuned(
            series=choice.series,
            costs=costs_of(own, curves, "train_cost", last),
            test_of=test_of,
            test=np.array([tests.at[run, epoch] for run, epoch in at]),
            tuning=tuning(tables, choice, last),
        )
    return found


def common_seeds(task: str, confirmed: Mapping[str, pd.DataFrame]) -> list[int]:
    """Return the seeds that all series were confirmed with, in order."""
    own = {series: set(runs["seed"]) for series, runs in confirmed.items()}
    seeds = sorted(set.intersection(*own.values()))
    if len(seeds) < SEEDS:
        fewest = min(own, key=lambda series: len(own[series]))
        raise UserError(
            f"{task}: {len(seeds)} confirmation seeds that all series have, the fewest of {fewest} "
            f"({len(own[fewest])}); expected at least {SEEDS}: train on (-m)"
        )
    return seeds


def standing(task: str, one: Tuned, other: Tuned) -> Standing:
    """Compare an optimizer with another, seed by seed."""
    above, below = one.costs, other.costs
    return Standing(
        task=task,
        passes=above.shape[1],
        seeds=len(above),
        leads=int((np.log(above).mean(0) < np.log(below).mean(0)).sum()),
        dex=intervals(above, below),
        test_of=one.test_of,
        test=(float(one.test.mean()), float(other.test.mean())),
        test_gap=t_interval((one.test - other.test).tolist()),
        tuning={each.series: each.tuning for each in (one, other)},
    )


def tuning(tables: Tables, choice: Choice, last: int) -> Tuning:
    """Say what came of the grid from which a setting was chosen."""
    own = tables.runs[tables.runs["series"] == choice.series]
    grid = grid_of(own)
    ends = final(costs_of(grid, tables.curves, "train_cost", last))
    chosen = grid[grid["run_id"] == choice.run_id].iloc[0]
    return Tuning(
        settings=len(grid),
        chosen=describe(chosen, [LR, *hyper_parameters(grid)]),
        at_edge=choice.at_edge,
        sensitivity=float((ends - ends.min()).mean()),
        diverged=int((own["status"] == Status.DIVERGED).sum()),
    )
