"""Claims of section 6.4 on bias correction, decided by Figure 4.

A run is stable at an epoch if its loss is at most STABLE times the lowest of all at that epoch
(about 140 nats, the top of the paper's panels).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from adamrepro.claims.book import Book, obstacle, passes_of, scope
from adamrepro.claims.claim import Check, Claim, Verdict, evidence, verdict
from adamrepro.results.fidelity import figure_4_losses
from adamrepro.results.reference import FIGURE_4_EPOCHS
from adamrepro.results.select import every_point

STABLE = 1.3
# Losses within 1 % (one nat) count as the same: one seed's scatter.
SAME = 1.01
_SERIES = ("corrected", "uncorrected")
_SETTING = ["beta2", "beta1"]


def bias_stability(book: Book) -> Claim:
    """How many steps of the alpha grid are lost without correction, up to the largest stable one.

    Holds if at the largest beta2 some are lost for every beta1; more there than at the smallest
    beta2 (summed over beta1); and more after the first 10 epochs than after 100, if there are 100.
    """

    def checks(losses: pd.DataFrame) -> list[Check]:
        early, late = int(losses["epochs"].min()), int(losses["epochs"].max())
        low, high = float(losses["beta2"].min()), float(losses["beta2"].max())
        lost = {at: _lost_steps(losses[losses["epochs"] == at]) for at in (early, late)}
        found = [
            Check(
                (steps > 0,),
                f"beta1={beta1:g} beta2={high:g}, {early} epochs: largest stable alpha {steps} "
                "grid steps lower without correction",
            )
            for beta1, steps in lost[early][high].items()
        ]
        ends = {beta2: sum(lost[early][beta2].values()) for beta2 in (low, high)}
        words = f"steps lost after {early} epochs: {ends[low]} at beta2={low:g}, "
        found.append(Check((ends[high] > ends[low],), f"{words}{ends[high]} at {high:g}"))
        if late > early:
            then = sum(lost[late][high].values())
            words = f"steps lost at beta2={high:g}: {ends[high]} after {early} epochs, "
            found.append(Check((ends[high] > then,), f"{words}{then} after {late}"))
        return found

    return _judge(
        book,
        "bias-stability",
        "values of beta2 close to 1 lead to instabilities in training when no bias correction term "
        "was present, especially at the first few epochs of the training",
        checks,
    )


def bias_best(book: Book) -> Claim:
    """The last epochs' losses; SAME (1 %) counts as equal. RMSProp is Adam without correction.

    Holds if the lowest loss is had with correction and beta2 above the smallest; if for every
    (beta1, beta2) the best alpha with correction is as good as the best without; and if at every
    grid point where either is stable the corrected loss is as low ("regardless of setting", taken
    at its word).
    """

    def checks(losses: pd.DataFrame) -> list[Check]:
        last = losses[losses["epochs"] == losses["epochs"].max()]
        keys = ["series", "beta1", "beta2", "alpha"]
        mean = last.groupby(keys)["loss"].mean()
        fixed, without = mean.loc["corrected"], mean.loc["uncorrected"]
        best = float(mean.min())
        small = fixed[fixed.index.get_level_values("beta2") > last["beta2"].min()]
        own = float(small.min())
        pairs = pd.DataFrame({"yes": fixed, "no": without}).dropna()
        bests = pairs.groupby(level=["beta1", "beta2"]).min()
        equal = bests["yes"] <= SAME * bests["no"]
        worst = bests.assign(ratio=bests["yes"] / bests["no"]).sort_values("ratio").iloc[-1]
        points = pairs[pairs.min(axis=1) <= STABLE * best]
        at = points["yes"] <= SAME * points["no"]
        gap = (points["yes"] - points["no"]).max()
        return [
            Check(
                (own <= SAME * best,),
                f"lowest loss with correction and beta2 near 1: {own:.2f}, of all: {best:.2f}",
            ),
            Check(
                (bool(equal.all()),),
                f"best alpha with correction as good as without at {equal.sum()} of {len(equal)} "
                f"(beta1, beta2), at worst {worst['yes']:.2f} against {worst['no']:.2f}",
            ),
            Check(
                (bool(at.all()),),
                f"corrected as low at {at.sum()} of {len(at)} grid points, at worst "
                f"{gap:.2f} nats higher",
            ),
        ]

    return _judge(
        book,
        "bias-best",
        "the best results were achieved with small values of (1-beta2) and bias correction; Adam "
        "performed equal or better than RMSProp, regardless of hyper-parameter setting",
        checks,
    )


def _lost_steps(losses: pd.DataFrame) -> dict[float, dict[float, int]]:
    """By beta2, by beta1: grid steps between the largest stable alpha with and without."""
    grid = sorted(set(losses["alpha"]))
    mean = losses.groupby([*_SETTING, "series", "alpha"])["loss"].mean()
    stable = mean[mean <= STABLE * mean.min()].reset_index()
    place = stable["alpha"].map({alpha: step for step, alpha in enumerate(grid)})
    largest = stable.assign(place=place).groupby([*_SETTING, "series"])["place"].max().to_dict()
    lost: dict[float, dict[float, int]] = {}
    for beta2, beta1 in sorted(set(zip(losses["beta2"], losses["beta1"], strict=True))):
        # Nothing stable at all: one step below the grid.
        reach = {series: largest.get((beta2, beta1, series), -1) for series in _SERIES}
        steps = int(reach["corrected"] - reach["uncorrected"])
        lost.setdefault(float(beta2), {})[float(beta1)] = steps
    return lost


def _judge(
    book: Book, claim: str, sentence: str, checks: Callable[[pd.DataFrame], list[Check]]
) -> Claim:
    against = obstacle(book, "fig4", _SERIES, passes=1)
    if against:
        return Claim(
            id=claim, section="6.4", sentence=sentence, verdict=Verdict.NOT_JUDGED, reason=against
        )
    tables = book.tables["fig4"]
    runs = every_point(tables.runs)
    ran = passes_of(tables.curves, runs)
    epochs = sorted({min(asked, ran) for asked in FIGURE_4_EPOCHS})
    losses = figure_4_losses(runs, tables.curves, epochs)
    found = checks(losses)
    seeds = runs["seed"].nunique()
    return Claim(
        id=claim,
        section="6.4",
        sentence=sentence,
        verdict=verdict(found),
        evidence=f"{evidence(found)}; {seeds} seed{'s' * (seeds > 1)}",
        note=scope(book, "fig4", max(FIGURE_4_EPOCHS)),
    )
