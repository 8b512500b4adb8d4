"""How two training curves are compared: what "like", "faster", "better", "far below" mean.

All functions take Costs and names of series; a criterion is decided seed by seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adamrepro.claims.book import Costs
from adamrepro.claims.claim import Check

# "Like": final costs within 12 %, and on average over the passes within 26 %.
LIKE_FINAL = 0.05
LIKE_AREA = 0.10
# "Faster": the other's final cost is there after at most this part of the passes.
FASTER = 0.8
# "By a large margin": after at most this part, and the final cost at least 12 % lower.
LARGE_PART, LARGE_FINAL = 0.25, 0.05
# "Far below": at least 3 times lower.
FAR = 0.5
# "Rapid progress": this part of the cost of a uniform guess.
RAPID = 0.75


def final(curve: np.ndarray) -> float:
    """Final cost: geometric mean over the last tenth of the passes (at least one).

    A single pass would not do, since curves with dropout noise fluctuate.
    """
    tail = curve[-max(1, len(curve) // 10) :]
    return float(np.exp(np.mean(np.log(tail))))


def area(first: np.ndarray, second: np.ndarray) -> float:
    """Mean over the passes of log10(first/second), in dex: below 0 where first is lower."""
    return float((np.log10(first) - np.log10(second)).mean())


def passes_to(curve: np.ndarray, level: float) -> float:
    """The first pass whose mean cost is at most `level`; inf if there is none."""
    reached = np.flatnonzero(curve <= level)
    return float(reached[0] + 1) if len(reached) else float("inf")


def like(costs: Costs, first: str, second: str) -> Check:
    """Final costs within LIKE_FINAL dex, mean distance of the log curves within LIKE_AREA dex."""
    gap = _each(costs, first, second, lambda a, b: float(np.log10(final(a) / final(b))))
    apart = _each(
        costs, first, second, lambda a, b: float(np.abs(np.log10(a) - np.log10(b)).mean())
    )
    holds = (np.abs(gap) <= LIKE_FINAL) & (apart <= LIKE_AREA)
    words = f"{first} like {second}: final {_dex(gap)} dex apart, on average {_dex(apart)}"
    return Check(_bools(holds), words)


def faster(costs: Costs, first: str, second: str, part: float = FASTER) -> Check:
    """`first` reaches the final cost of `second` within `part` of the passes."""
    taken = _each(costs, first, second, lambda a, b: passes_to(a, final(b)))
    words = f"{first} reaches {second}'s final cost at pass {_range(taken)} of {costs.passes}"
    return Check(_bools(taken <= part * costs.passes), words)


def as_fast(costs: Costs, first: str, second: str) -> Check:
    """`first` is not slower: final cost and mean log cost at most LIKE_FINAL dex higher."""
    gap = _each(costs, first, second, lambda a, b: float(np.log10(final(a) / final(b))))
    over = _each(costs, first, second, area)
    words = f"{first} as fast as {second}: final {_dex(gap)} dex, on average {_dex(over)}"
    return Check(_bools((gap <= LIKE_FINAL) & (over <= LIKE_FINAL)), words)


def far_ahead(costs: Costs, first: str, second: str) -> Check:
    """By a large margin: within LARGE_PART of the passes, final cost LARGE_FINAL dex lower."""
    taken = _each(costs, first, second, lambda a, b: passes_to(a, final(b)))
    gap = _each(costs, first, second, lambda a, b: float(np.log10(final(a) / final(b))))
    holds = (taken <= LARGE_PART * costs.passes) & (gap <= -LARGE_FINAL)
    words = (
        f"{first} far ahead of {second}: its final cost at pass {_range(taken)} of "
        f"{costs.passes}, final {_dex(gap)} dex"
    )
    return Check(_bools(holds), words)


def better(costs: Costs, first: str, second: str) -> Check:
    """`first` ends lower, and is lower on average over the passes (log scale)."""
    gap = _each(costs, first, second, lambda a, b: float(np.log10(final(a) / final(b))))
    over = _each(costs, first, second, area)
    words = f"{first} below {second}: final {_dex(gap)} dex, on average {_dex(over)}"
    return Check(_bools((gap < 0) & (over < 0)), words)


def ends_below(costs: Costs, first: str, second: str, dex: float = 0.0) -> Check:
    """`first` ends more than `dex` below `second`."""
    gap = _each(costs, first, second, lambda a, b: float(np.log10(final(a) / final(b))))
    words = f"{first} ends {'far ' if dex else ''}below {second}: {_dex(gap)} dex"
    return Check(_bools(gap < -dex), words)


def falls_to(costs: Costs, series: str, at: int, level: float) -> Check:
    """The mean cost of pass `at` is at most `level`."""
    cost = costs[series][:, at - 1]
    return Check(_bools(cost <= level), f"{series} at {_range(cost)} in pass {at}")


def finals(costs: Costs) -> str:
    """Final cost of every series, mean over the seeds with their range."""
    parts = []
    for name, curves in costs.by_series.items():
        ends = np.array([final(curve) for curve in curves])
        parts.append(f"{name} {ends.mean():.4g} ({_range(ends)})")
    return f"final costs after {costs.passes} passes, {_seeds(costs)}: {', '.join(parts)}"


def _seeds(costs: Costs) -> str:
    return f"{costs.seeds} {costs.role} seed{'s' * (costs.seeds > 1)}"


def _each(
    costs: Costs, first: str, second: str, measure: Callable[[np.ndarray, np.ndarray], float]
) -> np.ndarray:
    pairs = zip(costs[first], costs[second], strict=True)
    # Where both diverged a comparison is nan, and no criterion holds.
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.array([measure(a, b) for a, b in pairs])


def _bools(holds: np.ndarray) -> tuple[bool, ...]:
    return tuple(bool(held) for held in holds)


def _dex(values: np.ndarray) -> str:
    return f"{values.mean():+.3f}"


def _range(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return f"{low:.4g}" if low == high else f"{low:.4g}-{high:.4g}"
