"""Intervals, outcomes, verdicts: what a check is made of."""

from dataclasses import replace

import numpy as np
import pytest

from adamrepro.claims import CLAIMS, Check, Judgement, Outcome, Verdict
from adamrepro.claims.claim import INF, Judged, verdict
from adamrepro.claims.interval import borrowed, t_interval
from adamrepro.claims.words import evidence, number, sentence


def check(*values: float, within: tuple[float, float] = (0.0, INF), **more: object) -> Check:
    return Check(what="effect", unit="dex", within=within, why="", values=values, runs=3, **more)


def test_t_interval_is_students() -> None:
    """Three values of mean 2 and standard deviation 1: 2 +- 4.303 / sqrt(3)."""
    found = t_interval([1.0, 2.0, 3.0])
    assert found.mean == pytest.approx(2.0)
    assert found.high - found.mean == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_t_interval_covers_in_95_of_100_cases() -> None:
    random = np.random.default_rng(0)
    found = [t_interval(random.normal(1.0, 2.0, 4)) for _ in range(2000)]
    covered = np.mean([interval.low < 1.0 < interval.high for interval in found])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_the_worst_of_several_has_a_wider_interval() -> None:
    random = np.random.default_rng(0)
    missed = 0
    for _ in range(500):
        effects = random.normal(0.0, 1.0, (10, 5))
        worst = effects[effects.mean(1).argmax()]
        missed += t_interval(worst, trials=10).low > 0
    assert missed / 500 < 0.05


def test_one_run_borrows_the_scatter_of_others() -> None:
    alone = borrowed(5.0, [1.0, 2.0, 3.0])
    assert (alone.low, alone.high) == pytest.approx((5 - 4.303, 5 + 4.303), rel=1e-3)
    assert check(5.0).outcome is Outcome.NOT_JUDGED
    assert check(5.0, scatter=(1.0, 2.0, 3.0)).outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    ("values", "within", "expected"),
    [
        ((1.0, 1.1, 0.9), (0.0, INF), Outcome.HOLDS),
        ((-1.0, -1.1, -0.9), (0.0, INF), Outcome.FAILS),
        ((1.0, -1.0, 0.5), (0.0, INF), Outcome.UNDECIDED),
        ((1.0, 1.1, 0.9), (-INF, 2.0), Outcome.HOLDS),
        ((6.0, 7.0, 8.0), (2.0, 12.0), Outcome.HOLDS),
        ((6.0, 7.0, 8.0), (5.0, 10.0), Outcome.UNDECIDED),
        ((1.0, 1.1, 0.9), (5.0, 10.0), Outcome.FAILS),
        ((1.0, 1.0, 1.0), (1.0, INF), Outcome.FAILS),
        ((), (0.0, INF), Outcome.NOT_JUDGED),
    ],
)
def test_outcomes(
    values: tuple[float, ...], within: tuple[float, float], expected: Outcome
) -> None:
    assert check(*values, within=within).outcome is expected


def test_an_exact_value_needs_no_seeds() -> None:
    assert check(0.96, within=(0.9, 1.1), exact=True).outcome is Outcome.HOLDS
    assert check(2.0, within=(0.9, 1.1), exact=True).outcome is Outcome.FAILS


HOLDS, FAILS, UNDECIDED, NOT_JUDGED = Outcome


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([HOLDS, HOLDS], Verdict.SUPPORTED),
        ([FAILS, FAILS], Verdict.REFUTED),
        ([HOLDS, FAILS], Verdict.MIXED),
        ([HOLDS, FAILS, UNDECIDED], Verdict.MIXED),
        ([HOLDS, UNDECIDED], Verdict.UNDECIDED),
        ([FAILS, UNDECIDED], Verdict.UNDECIDED),
        ([HOLDS, NOT_JUDGED], Verdict.UNDECIDED),
        ([NOT_JUDGED], Verdict.NOT_JUDGED),
        ([], Verdict.NOT_JUDGED),
    ],
)
def test_verdicts(outcomes: list[Outcome], expected: Verdict) -> None:
    assert verdict(outcomes) is expected


def test_one_part_that_fails_refutes_a_sentence_on_all_cases() -> None:
    assert verdict([HOLDS, FAILS, UNDECIDED], universal=True) is Verdict.REFUTED
    assert verdict([HOLDS, HOLDS], universal=True) is Verdict.SUPPORTED
    assert verdict([HOLDS, UNDECIDED], universal=True) is Verdict.UNDECIDED


def test_a_control_is_shown_and_not_counted() -> None:
    good, bad = check(1.0, 1.1, 0.9), check(-1.0, -1.1, -0.9)
    control = replace(bad, control=True)
    judged = Judged(selection="s", checks=[good, control])
    assert judged.verdict is Verdict.SUPPORTED
    found = Judgement(claim=CLAIMS["regret"], judged=[judged])
    assert sentence(found).startswith("Its one part holds.")
    assert list(evidence(found)["what"]) == [good.what, f"control: {bad.what}"]


def test_a_bound_that_allows_for_rounding_is_written_so() -> None:
    assert check(1.0, within=(-INF, 1.0)).threshold == "< 1"
    assert check(1.0, within=(-INF, 1.0 + 1e-9)).threshold == "<= 1"
    assert check(1.0, within=(-INF, 0.0043214)).threshold == "< 0.00432"


def judgement(*selections: Check) -> Judgement:
    judged = [
        Judged(selection=f"s{place}", checks=[found]) for place, found in enumerate(selections)
    ]
    return Judgement(claim=CLAIMS["regret"], judged=judged)


def test_stability_is_told() -> None:
    good, bad = check(1.0, 1.1, 0.9), check(-1.0, -1.1, -0.9)
    assert judgement(good).stability == ""
    assert judgement(good, good).stability == "stable"
    depends = judgement(good, good, bad, bad).stability
    assert depends == "depends on the selection: refuted under s2 and 1 other"


def test_words() -> None:
    good, bad = check(1.0, 1.1, 0.9), check(-1.0, -1.1, -0.9)
    assert number(good) == "1 dex (0.752 to 1.25)"
    assert number(check(0.5, exact=True)) == "0.5 dex"
    both = Judgement(
        claim=CLAIMS["regret"], judged=[Judged(selection="s", checks=[good, bad, good])]
    )
    assert sentence(both).startswith("Of 3 parts 2 hold, 1 fails. Effect: -1 dex")
    assert "> 0 is asked" in sentence(both)
    assert sentence(Judgement(claim=CLAIMS["regret"], reason="no table")) == "Not judged: no table."
