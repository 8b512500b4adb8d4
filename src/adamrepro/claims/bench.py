"""How an optimizer stands beside another on a task, each at the step size that is best for it.

Nothing of the paper is judged here: `adamrepro bench` asks it of any class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.claims.answer import Answer, answer
from adamrepro.claims.effects import final, intervals
from adamrepro.claims.interval import Interval, t_interval
from adamrepro.claims.selection import costs_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import Choice, Role, choose, drawn_runs, grid_of, hyper_parameters
from adamrepro.results.summary import describe

LR = "optimizer.kwargs.lr"

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
    def verdicts(self) -> dict[str, str]:
        return {name: WORDS[answer(interval)] for name, interval in self.dex.items()}


def tuned_of(tables: Tables) -> dict[str, Choice]:
    """Return the tuned setting of each series of a task's tables."""
    experiment = str(tables.runs["experiment"].iloc[0])
    choices = choose(tables.runs, tables.curves, experiment)
    return {choice.series: choice for choice in choices if choice.role is Role.TUNED}


def standings(task: str, tables: Tables, than: str) -> dict[str, Standing]:
    """Compare every series of a task's tables with one of them."""
    choices = tuned_of(tables)
    others = [series for series in choices if series != than]
    return {series: standing(task, tables, choices, series, than) for series in others}


def standing(
    task: str, tables: Tables, choices: Mapping[str, Choice], series: str, than: str
) -> Standing:
    """Compare two series: their chosen settings, seed by seed."""
    drawn = {
        name: drawn_runs(tables.runs, choices[name]).set_index("seed").sort_index()
        for name in (series, than)
    }
    last = int(tables.runs["training.epochs"].max())
    above, below = (costs_of(runs, tables.curves, "train_cost", last) for runs in drawn.values())
    test_of, tests = test_costs(drawn, tables.curves, last)
    gap = tests[series] - tests[than]
    return Standing(
        task=task,
        passes=last,
        seeds=len(above),
        leads=int((np.log(above).mean(0) < np.log(below).mean(0)).sum()),
        dex=intervals(above, below),
        test_of=test_of,
        test=(float(tests[series].mean()), float(tests[than].mean())),
        test_gap=t_interval(gap.tolist()),
        tuning={name: tuning(tables, choices[name], last) for name in (series, than)},
    )


def test_costs(
    drawn: Mapping[str, pd.DataFrame], curves: pd.DataFrame, last: int
) -> tuple[str, dict[str, np.ndarray]]:
    """Each run's test error after the last pass, the test cost for models that have none.

    Returns the column's name, and values [runs] by series. A run that diverged has the value it
    started with.
    """
    column = "test_nll" if curves["test_error"].isna().all() else "test_error"
    by_epoch = curves.pivot(index="run_id", columns="epoch", values=column)
    found = {}
    for name, runs in drawn.items():
        epochs = np.where(runs["status"] == "diverged", 0, last)
        names = runs["run_id"]
        found[name] = np.array([by_epoch.at[run, k] for run, k in zip(names, epochs, strict=True)])
    return column, found


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
        diverged=int((own["status"] == "diverged").sum()),
    )
