"""Claims on what the ratio of the moments does: sections 2.1 and 6.3."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.claims.claim import INF, Check, Claim
from adamrepro.claims.evidence import ROUNDING, at, by_seed, theory


def _scale_free(table: pd.DataFrame) -> list[Check]:
    exact, usual = at(table, eps=0.0), table[(table["eps"] > 0)]
    near = usual[usual["scale"].between(1e-4, INF)]
    return [
        Check(
            what="relative change of the walk under gradients times 1e-10 to 1e10, eps 0",
            unit="",
            values=by_seed(exact, "change"),
            within=(-INF, ROUNDING),
            why="rounding of a thousand steps in float64",
            runs=len(exact),
        ),
        Check(
            what="the same for gradients of 1e-4 and more, eps 1e-8",
            unit="",
            values=by_seed(near, "change"),
            within=(-INF, 0.01),
            why="1 %: less than any figure shows",
            runs=len(near),
        ),
    ]


def _scale_free_notes(table: pd.DataFrame) -> list[str]:
    usual = table[table["eps"] > 0].groupby("scale")["change"].mean()
    worst = usual[usual > 0.01]
    if worst.empty:
        return []
    return [
        f"with eps 1e-8 the walk changes by more than 1 % for gradients of {worst.index.max():g}"
    ]


def _annealing(table: pd.DataFrame) -> list[Check]:
    """Signal to noise and step in the last pass over those in the first, layer by layer."""
    first, last = table["epoch"].min(), table["epoch"].max()
    checks = []
    for layer in dict.fromkeys(table["layer"]):
        rows = at(table, layer=layer).set_index(["seed", "epoch"])
        for column, words in (("snr", "|m_hat| / sqrt(v_hat)"), ("step", "step")):
            values = rows[column].unstack("epoch")
            checks.append(
                Check(
                    what=f"{words}, {layer} layer, pass {last} over pass {first}",
                    unit="dex",
                    values=tuple(np.log10(values[last] / values[first]).tolist()),
                    within=(-INF, 0.0),
                    why="the sentence: it falls",
                    runs=len(values),
                )
            )
    return checks


def _annealing_notes(table: pd.DataFrame) -> list[str]:
    cost = table.groupby("epoch")["train_cost"].mean()
    return [f"the cost falls from {cost.iloc[0]:.3g} to {cost.iloc[-1]:.3g} on the way"]


def _convnet_v(table: pd.DataFrame) -> list[Check]:
    """How many coordinates eps outweighs after the last pass, layer by layer; the two eps forms."""
    last = table[table["epoch"] == table["epoch"].max()]
    plain = at(last, eps_form="algorithm1")
    checks = [
        Check(
            what=f"share of {layer} with sqrt(v_hat) < eps after pass {last['epoch'].max()}",
            unit="",
            values=tuple(at(plain, layer=layer)["below_eps"].tolist()),
            within=(0.5, INF),
            why="eps dominates where it outweighs most coordinates",
            runs=plain["seed"].nunique(),
        )
        for layer in dict.fromkeys(plain["layer"])
    ]
    cost = last.groupby(["seed", "eps_form"])["train_cost"].first().unstack("eps_form")
    gap = np.log10(cost["efficient"] / cost["algorithm1"])
    return [
        *checks,
        Check(
            what="cost of the efficient form over that of Algorithm 1",
            unit="dex",
            values=tuple(gap.tolist()),
            within=(-0.02, 0.02),
            why="section 2: the order of computation is changed, not the method; 5 %",
            runs=2 * len(gap),
            control=True,
        ),
    ]


SCALE_FREE = Claim(
    id="scale-free",
    section="2.1",
    needs=theory("scale-free", sizes={"size_steps": 300}),
    sentence="the effective stepsize is invariant to the scale of the gradients",
    checks=_scale_free,
    notes=_scale_free_notes,
)

ANNEALING = Claim(
    id="annealing",
    section="2.1",
    needs=theory("annealing", examples=10_000, sizes={"size_epochs": 10, "size_hidden": 1000}),
    sentence="the signal-to-noise ratio m_hat/sqrt(v_hat) typically becomes closer to 0 towards an "
    "optimum, leading to smaller effective steps in parameter space: a form of automatic annealing",
    checks=_annealing,
    notes=_annealing_notes,
)

CONVNET_V = Claim(
    id="convnet-v",
    section="6.3",
    needs=theory("convnet-v", examples=50_000, sizes={"size_epochs": 5}),
    sentence="the second moment estimate v_hat vanishes to zeros after a few epochs and is "
    "dominated by the eps in Algorithm 1 (ConvNet, CIFAR-10)",
    checks=_convnet_v,
)
