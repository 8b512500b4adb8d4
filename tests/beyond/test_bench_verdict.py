"""The verdict on a class beside tuned Adam, from made-up tables."""

from __future__ import annotations

import pandas as pd
import pytest

from adamrepro.beyond.answer import LIMIT
from adamrepro.beyond.bench import Standing, optimizers_of, standing
from adamrepro.beyond.bench_page import page, table
from adamrepro.claims.interval import Interval
from adamrepro.errors import UserError
from adamrepro.results.schema import Tables
from tuned_tables import ADAM, MINE, PASSES, beside


def stands(dex: float, **about: object) -> Standing:
    return beside_adam("a task", beside(dex, **about))  # type: ignore[arg-type]


def beside_adam(task: str, tables: Tables) -> Standing:
    optimizers = optimizers_of(tables)
    return standing(task, optimizers[MINE], optimizers[ADAM])


@pytest.mark.parametrize(
    ("dex", "scatter", "word", "rank"),
    [
        (-0.1, 0.0, "better", 1),
        (0.1, 0.0, "worse", 2),
        (LIMIT / 2, 0.0, "alike", 2),
        (-0.1, 0.1, "undecided", 1),
    ],
)
def test_the_word_follows_from_where_the_interval_lies(
    dex: float, scatter: float, word: str, rank: int
) -> None:
    found = stands(dex, scatter=scatter)
    assert set(found.verdicts.values()) == {word}
    assert (found.seeds, found.passes) == (3, PASSES)
    assert [interval.mean for interval in found.dex.values()] == pytest.approx([dex, dex])
    assert found.rank == rank
    assert found.leads == (PASSES if dex < 0 else 0)


def test_a_class_that_is_adam_is_alike_and_leads_nowhere() -> None:
    found = stands(0.0)
    assert set(found.verdicts.values()) == {"alike"}
    assert found.leads == 0


def test_the_chosen_setting_and_what_the_grid_says_of_it() -> None:
    mine, adam = stands(0.0).tuning.values()
    assert (mine.chosen, mine.settings, mine.at_edge) == ("lr=0.01", 3, ())
    assert (adam.chosen, adam.settings, adam.at_edge) == ("alpha=0.01", 3, ())
    assert mine.sensitivity == pytest.approx(0.2 / 3)
    edge = stands(0.0, best=2).tuning[MINE]
    assert (edge.chosen, edge.at_edge) == ("lr=0.1", ("optimizer.kwargs.lr",))
    assert edge.sensitivity == pytest.approx(0.1)


def test_the_test_error_is_paired_too() -> None:
    found = stands(0.0)
    assert found.test_of == "test_error"
    assert found.test == pytest.approx((0.022, 0.032))
    assert found.test_gap.mean == pytest.approx(-0.01)
    assert found.test_gap.high < 0
    without = beside(0.1)
    without.curves["test_error"] = float("nan")
    assert beside_adam("a task", without).test_of == "test_nll"


def test_a_run_that_diverged_counts_as_where_it_started() -> None:
    found = stands(0.0, diverged=("Mine-1-2", "Mine-2-0"))
    assert found.tuning[MINE].diverged == 2
    assert found.verdicts["at the end"] == "undecided"
    assert found.dex["at the end"].mean == pytest.approx((0.30103 + 1) / 3)
    assert found.test[0] == pytest.approx((0.021 + 0.9 + 0.023) / 3)
    assert found.tuning[MINE].sensitivity == pytest.approx((0.1 + 1.30103) / 3)


def test_only_the_seeds_that_both_have_are_compared() -> None:
    tables = beside(-0.1)
    more = tables.runs[tables.runs["run_id"] == "Mine-1-3"].assign(run_id="Mine-1-4", seed=4)
    curve = tables.curves[tables.curves["run_id"] == "Mine-1-3"].assign(run_id="Mine-1-4")
    both = Tables(
        pd.concat([tables.runs, more]), pd.concat([tables.curves, curve.assign(train_cost=9.0)])
    )
    assert beside_adam("a task", both) == beside_adam("a task", tables)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (["Mine-1-1", "Mine-1-2", "Mine-1-3"], "0 confirmation .* of Mine \\(0\\); .* at least 3"),
        (["Mine-1-1", "tuned Adam-1-2"], "1 confirmation .* of tuned Adam \\(2\\)"),
    ],
)
def test_a_pending_confirmation_is_waited_for(runs: list[str], words: str) -> None:
    made = beside(0.0)
    pending = Tables(made.runs[~made.runs["run_id"].isin(runs)], made.curves)
    with pytest.raises(UserError, match=f"made_up: {words}"):
        optimizers_of(pending)


def test_the_seed_that_chose_the_setting_decides_nothing() -> None:
    tables = beside(-0.1)
    again = tables.runs[tables.runs["run_id"].isin(["Mine-1-0", "tuned Adam-1-0"])]
    both = Tables(pd.concat([tables.runs, again.assign(role="confirm")]), tables.curves)
    assert beside_adam("a task", both).seeds == 3


def test_every_setting_may_diverge() -> None:
    # the first of equals is chosen, and confirmed
    names = [f"Mine-{place}-0" for place in range(3)] + [f"Mine-0-{seed}" for seed in (1, 2, 3)]
    found = stands(0.0, best=0, diverged=tuple(names))
    assert found.verdicts["at the end"] == "worse"


def test_a_mean_and_its_interval_have_as_many_digits() -> None:
    assert str(Interval(-0.01234, -0.02346, 0.003456)) == "-0.0123 (-0.0235 to +0.00346)"


def test_the_page_says_what_was_found_and_what_to_do() -> None:
    tables = [beside(-0.1), beside(0.1, best=0)]
    found = [beside_adam(name, each) for name, each in zip("ab", tables, strict=True)]
    text = page("mine.py:Mine", MINE, ADAM, found, tables)
    assert "at the end better on 1, worse on 1; over all passes better on 1, worse on 1" in text
    assert "`mine.py:Mine` (mine): 24 runs, 24.0 minutes of the processor." in text
    assert "**Data: stand-in, not the canonical files.**" in text
    assert "| a | **better** -0.1 (-0.1 to -0.1) | **better** -0.1" in text
    assert "| 1 at the end, 1 in 10 of 10 passes | test error, % | 2.2 / 3.2 | -1 (" in text
    assert "| b | Mine | 3 | lr=0.001, at the edge | 0.1 | 0 |" in text
    assert "so that others may be better: Mine (b)." in text
    assert "![" in text
    assert "(Mine.png)" in text
    rows = table(found)
    assert list(rows["measure"]) == ["at the end", "over all passes", "test_error"] * 2
    assert list(rows["verdict"]) == ["better", "better", "", "worse", "worse", ""]
