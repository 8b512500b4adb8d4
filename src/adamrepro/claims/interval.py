"""95 % intervals over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3g} ({self.low:+.3g} to {self.high:+.3g})"

    def times(self, factor: float) -> Interval:
        """The same in other units."""
        return Interval(factor * self.mean, factor * self.low, factor * self.high)

    def inside(self, low: float, high: float) -> bool:
        """Whether all of it lies between the two."""
        return low < self.low and self.high < high

    def outside(self, low: float, high: float) -> bool:
        """Whether none of it lies between the two."""
        return self.high <= low or high <= self.low


def t_interval(values: Sequence[float], trials: int = 1) -> Interval:
    """Student's t interval of the mean: mean +- t s / sqrt(n), n - 1 degrees of freedom.

    The values are one per seed: effects between runs that share initial parameters, minibatches and
    noise, so that what these add to both is not in the scatter. Needs at least two values.
    trials: how many such intervals must all cover at 95 %.
    """
    known = np.asarray(values, dtype=float)
    half = _t(len(known), trials) * float(known.std(ddof=1)) / np.sqrt(len(known))
    mean = float(known.mean())
    return Interval(mean, mean - half, mean + half)


def borrowed(value: float, scatter: Sequence[float]) -> Interval:
    """The interval of one run, given how values of the same effect scatter over other seeds.

    value +- t s: the scatter is taken to be the same, since one run shows none.
    """
    known = np.asarray(scatter, dtype=float)
    half = _t(len(known)) * float(known.std(ddof=1))
    return Interval(value, value - half, value + half)


def long_table(
    columns: Sequence[str], rows: Iterable[tuple[Sequence[object], Interval, str]], said: str
) -> pd.DataFrame:
    """A row per interval: what it is of, in `columns`, then mean, low and high, then `said`."""
    body = [(*names, of.mean, of.low, of.high, answer) for names, of, answer in rows]
    return pd.DataFrame(body, columns=[*columns, "mean", "low", "high", said])


def _t(count: int, trials: int = 1) -> float:
    return float(stats.t.ppf(1 - (1 - LEVEL) / (2 * trials), count - 1))
