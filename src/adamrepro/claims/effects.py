"""Effects between training curves, one value per seed, and the same measured on the paper's curves.

Words of degree have no number of their own. What the paper calls similar is measured on the curves
that it calls similar; a large difference is at least HALF of the one that it drew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.claims.claim import INF, Check
from adamrepro.claims.interval import Interval, t_interval
from adamrepro.claims.selection import Chosen
from adamrepro.results.reference import CURVE_PANELS, panel_of, read_reference

TWICE, HALF = 2.0, 0.5
TAIL = 10
"""Final cost: geometric mean over the last tenth of the passes; one pass alone fluctuates."""

ORDER = "the sentence: which is lower"


def final(costs: np.ndarray) -> np.ndarray:
    """log10 of the final cost: [..., passes] -> [...]."""
    tail = costs[..., -max(1, costs.shape[-1] // TAIL) :]
    return np.asarray(np.log10(tail).mean(-1))


def end_gap(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """How far the first ends above the second, in dex."""
    return np.asarray(final(above) - final(below))


def mean_gap(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """How far the first is above the second on average over all passes, in dex."""
    return np.asarray((np.log10(above) - np.log10(below)).mean(-1))


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far apart the two are on average over all passes, in dex, whichever is above."""
    return np.asarray(np.abs(np.log10(one) - np.log10(other)).mean(-1))


MEASURES = {
    "at the end": end_gap,
    "over all passes": mean_gap,
}


def intervals(above: np.ndarray, below: np.ndarray) -> dict[str, Interval]:
    """How far the first lies above the second by each of MEASURES, in dex, over paired seeds.

    Costs are [seeds, passes].
    """
    return {name: t_interval(of(above, below).tolist()) for name, of in MEASURES.items()}


def gaps(
    chosen: Chosen, above: str, below: str, *, more_than: dict[str, float], why: str
) -> list[Check]:
    """`above` lies more than so many dex above `below`: at the end, and over all passes."""
    within = {where: (least, INF) for where, least in more_than.items()}
    return measured(chosen, above, below, within, why)


def no_slower(
    chosen: Chosen, series: str, than: str, *, less_than: dict[str, float], why: str
) -> list[Check]:
    """`series` lies less than so many dex above `than`: at the end, and over all passes."""
    within = {where: (-INF, most) for where, most in less_than.items()}
    return measured(chosen, series, than, within, why)


def measured(
    chosen: Chosen, one: str, other: str, within: dict[str, tuple[float, float]], why: str
) -> list[Check]:
    """How far one lies above the other is in a range, by each of MEASURES."""
    first, second = chosen.costs(one), chosen.costs(other)
    return [
        Check(
            what=f"{one} above {other} {where}",
            unit="dex",
            values=tuple(measure(first, second).tolist()),
            within=within[where],
            why=why,
            runs=2 * len(first),
        )
        for where, measure in MEASURES.items()
    ]


def alike(
    chosen: Chosen, one: str, other: str, *, less_than: dict[str, float], why: str
) -> list[Check]:
    """Neither ends more than so many dex from the other, nor is so far from it on average."""
    first, second = chosen.costs(one), chosen.costs(other)
    end, apart = less_than["at the end"], less_than["over all passes"]
    return [
        Check(
            what=f"{one} above {other} at the end",
            unit="dex",
            values=tuple(end_gap(first, second).tolist()),
            within=(-end, end),
            why=why,
            runs=2 * len(first),
        ),
        Check(
            what=f"{one} and {other} apart over all passes",
            unit="dex",
            values=tuple(distance(first, second).tolist()),
            within=(-INF, apart),
            why=why,
            runs=2 * len(first),
        ),
    ]


def paper_curves(panel: str) -> pd.DataFrame:
    """The paper's visible points: index x, a column per series."""
    table = read_reference(panel)
    y = CURVE_PANELS[panel_of(panel).name].y_reference
    return table[table["visible"]].pivot(index="x", columns="series", values=y)


def paper_gaps(panel: str, above: str, below: str) -> dict[str, float]:
    """HALF of how far the paper drew one above the other, by measure, in dex."""
    curves = paper_curves(panel)[[above, below]].dropna()
    first, second = curves[above].to_numpy(), curves[below].to_numpy()
    return {where: HALF * float(measure(first, second)) for where, measure in MEASURES.items()}


def paper_distance(panel: str, one: str, other: str) -> dict[str, float]:
    """TWICE how far apart the paper drew two curves that it calls alike, by measure, in dex."""
    curves = paper_curves(panel)[[one, other]].dropna()
    first, second = curves[one].to_numpy(), curves[other].to_numpy()
    return {
        "at the end": TWICE * abs(float(end_gap(first, second))),
        "over all passes": TWICE * float(distance(first, second)),
    }
