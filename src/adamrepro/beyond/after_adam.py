"""Rules that came after Adam, on the paper's tasks: how they rank, and which betas suit Adam.

From the tables of configs/experiment/after_adam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.beyond.bench import Standing, Tuned, optimizers_of, standing
from adamrepro.claims.effects import final
from adamrepro.claims.selection import costs_of
from adamrepro.errors import UserError
from adamrepro.results.schema import Tables
from adamrepro.results.select import grid_of
from adamrepro.results.tasks import BASELINE

BETAS = ("optimizer.beta1", "optimizer.beta2")


@dataclass(frozen=True)
class Ranking:
    """All rules on a task.

    optimizers: the rules, from the lowest cost at the end (`effects.final`) to the highest.
    standings: all but the baseline, beside it. steps: of the whole grid, one seed, how far the cost
    at the end lies above the lowest of all, in dex; a row per rule, a column per step size over the
    grid's middle one.
    """

    task: str
    optimizers: Mapping[str, Tuned]
    standings: Mapping[str, Standing]
    steps: pd.DataFrame

    @property
    def at_the_end(self) -> dict[str, int]:
        """Rank of each rule, 1 for the lowest cost at the end."""
        return {name: place for place, name in enumerate(self.optimizers, start=1)}

    @property
    def ranks(self) -> pd.DataFrame:
        """By pass (rows 1 and up): 1 for the lowest cost of it, the geometric mean over seeds."""
        costs = {name: geometric_mean(of.costs) for name, of in self.optimizers.items()}
        ranks = pd.DataFrame(costs).rank(axis=1, method="first").astype(int)
        return ranks.set_axis(pd.RangeIndex(1, len(ranks) + 1, name="pass"))


def ranking(task: str, tables: Tables) -> Ranking:
    """Rank the rules of a task's tables, each as tuned; UserError where Adam is missing."""
    if BASELINE not in set(tables.runs["series"]):
        raise UserError(f"{task}: no runs of {BASELINE}, beside which the others stand")
    found = optimizers_of(tables)
    order = sorted(found, key=lambda name: float(final(geometric_mean(found[name].costs))))
    adam = found[BASELINE]
    return Ranking(
        task=task,
        optimizers={name: found[name] for name in order},
        standings={name: standing(task, of, adam) for name, of in found.items() if of is not adam},
        steps=step_sizes(tables, adam.costs.shape[1]).reindex(order),
    )


def geometric_mean(costs: np.ndarray) -> np.ndarray:
    """Over seeds: [seeds, passes] -> [passes]."""
    return np.asarray(np.exp(np.log(costs).mean(0)))


def step_sizes(tables: Tables, last: int) -> pd.DataFrame:
    """Return `Ranking.steps`: step sizes are told apart by their first digit."""
    grid = grid_of(tables.runs)
    ends = final(costs_of(grid, tables.curves, "train_cost", last))
    alpha = grid["optimizer.alpha"].map(one_digit)
    middle = alpha.groupby(grid["series"]).transform(lambda own: own.drop_duplicates().median())
    part = (alpha / middle).map(one_digit)
    rows = grid[["series"]].assign(part=part, dex=ends - ends.min())
    return rows.pivot_table(index="series", columns="part", values="dex", aggfunc="min")


def one_digit(number: float) -> float:
    return float(f"{number:.0e}")


@dataclass(frozen=True)
class BetaMap:
    """Adam's costs at the end over beta1 (rows) and beta2 (columns), of one seed.

    above: each at the step size that is best for it, in dex above the lowest of all. at_end: where
    that is the smallest or the largest that was tried, so that another may be better.
    """

    task: str
    passes: int
    above: pd.DataFrame
    at_end: pd.DataFrame

    @property
    def best(self) -> tuple[float, float]:
        """beta1 and beta2 of the lowest cost."""
        return self.lowest(self.above)

    @property
    def second(self) -> tuple[float, float]:
        """The next best pair."""
        others = self.above.copy()
        others.loc[self.best] = np.nan
        return self.lowest(others)

    @property
    def equal(self) -> tuple[float, float]:
        """The best pair of those with beta1 = beta2."""
        same = np.equal.outer(self.above.index.to_numpy(), self.above.columns.to_numpy())
        return self.lowest(self.above.where(same))

    @staticmethod
    def lowest(above: pd.DataFrame) -> tuple[float, float]:
        values = above.to_numpy(float)
        row, column = np.unravel_index(np.nanargmin(values), values.shape)
        beta1, beta2 = (axis.to_numpy(float) for axis in (above.index, above.columns))
        return float(beta1[row]), float(beta2[column])

    @property
    def at_edge(self) -> list[str]:
        """Which of the best pair are at an end of the grid, 0 aside: others may be better."""
        grid = (self.above.index.to_numpy(float), self.above.columns.to_numpy(float))
        pairs = zip(("beta1", "beta2"), self.best, grid, strict=True)
        return [
            name
            for name, best, values in pairs
            if best == values.max() or (best == values.min() and best != 0)
        ]

    def at(self, betas: tuple[float, float]) -> float:
        """`above` at beta1 and beta2."""
        row, column = self.above.index.get_loc(betas[0]), self.above.columns.get_loc(betas[1])
        return float(self.above.to_numpy(float)[row, column])


def beta_map(task: str, tables: Tables) -> BetaMap:
    """Map the costs of a task's grid."""
    last = int(tables.runs["training.epochs"].max())
    grid = grid_of(tables.runs)
    ends = final(costs_of(grid, tables.curves, "train_cost", last))
    steps = grid["optimizer.alpha"]
    at_end = steps.isin([steps.min(), steps.max()])
    rows = grid[list(BETAS)].assign(dex=ends - ends.min(), at_end=at_end)
    best = rows.loc[rows.groupby(list(BETAS))["dex"].idxmin()]
    above, at_ends = (
        best.pivot(index=BETAS[0], columns=BETAS[1], values=value) for value in ("dex", "at_end")
    )
    return BetaMap(task, last, above, at_ends)
