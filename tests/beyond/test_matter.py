"""Details that may matter: answers from made-up curves, pairs in configs, page and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adamrepro.beyond.answer import LIMIT, Answer
from adamrepro.beyond.matter import MATTER_TASKS, QUESTIONS, Effect, effects
from adamrepro.beyond.matter_page import page, table
from adamrepro.errors import UserError
from adamrepro.experiments.experiment import Experiment
from adamrepro.experiments.names import config_of
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import settings_of
from adamrepro.results.schema import Tables
from adamrepro.results.written import write_table
from adamrepro.runs.config import RunConfig
from commandline import composer

ROOT = Path(__file__).parents[2]
PASSES = 20

MAY_DIFFER = {
    "Where eps stands": {"optimizer.eps_form"},
    "Bias correction left out": {"optimizer.bias_correction"},
    "A linear warm-up in its place": {"optimizer.bias_correction", "schedule.warmup"},
    "Nesterov's momentum under a decaying step size": {"optimizer.form"},
}
"""Where two series have one rule; others differ in the rule's name and what it alone has."""


def made_up(factors: dict[str, float], scatter: float = 0.0, seeds: int = 4) -> Tables:
    """Adam's curve, and others' that lie a factor above it, but for noise of so many dex."""
    noise = np.random.default_rng(0)
    runs, curves = [], []
    for series, factor in {"Adam": 1.0, **factors}.items():
        for seed in range(seeds):
            name = f"{series} {seed}"
            runs.append((name, series, seed, "done", PASSES))
            cost = factor * np.geomspace(1, 0.1, PASSES + 1) * 10 ** noise.normal(0, scatter)
            curves += [(name, epoch, cost[epoch], cost[epoch]) for epoch in range(PASSES + 1)]
    columns = ["run_id", "series", "seed", "status", "training.epochs"]
    return Tables(
        pd.DataFrame(runs, columns=columns),
        pd.DataFrame(curves, columns=["run_id", "epoch", "train_cost", "train_nll"]),
    )


def only(tables: Tables) -> Effect:
    (found,) = effects({"matter_vae": tables})
    return found


@pytest.mark.parametrize(
    ("dex", "scatter", "answer"),
    [
        (LIMIT / 2, 0.0, Answer.NO),
        (-LIMIT / 2, 0.0, Answer.NO),
        (2 * LIMIT, LIMIT / 100, Answer.HIGHER),
        (-2 * LIMIT, LIMIT / 100, Answer.LOWER),
        (LIMIT, LIMIT, Answer.UNDECIDED),
        (0.0, 10 * LIMIT, Answer.UNDECIDED),
    ],
)
def test_the_answer_follows_from_where_the_interval_lies(
    dex: float, scatter: float, answer: Answer
) -> None:
    found = only(made_up({"Adam, uncorrected": 10**dex}, scatter))
    assert set(found.answers.values()) == {answer}
    if not scatter:
        assert [interval.mean for interval in found.dex.values()] == pytest.approx([dex, dex])


def test_two_seeds_are_too_few_to_say() -> None:
    assert not list(effects({"matter_vae": made_up({"Adam, uncorrected": 2.0}, seeds=2)}))


def test_a_second_setting_of_a_series_is_not_chosen_from() -> None:
    tables = made_up({"Adam, uncorrected": 2.0})
    tables.runs.loc[tables.runs["run_id"] == "Adam 1", "seed"] = 2
    with pytest.raises(
        UserError, match=r"^matter_vae: Adam has runs of several settings at seed 2"
    ):
        list(effects({"matter_vae": tables}))


def test_a_diverged_run_counts_as_where_it_started_and_is_told() -> None:
    tables = made_up({"Adam, uncorrected": 1.0})
    tables.runs.loc[tables.runs["run_id"] == "Adam, uncorrected 0", "status"] = "diverged"
    found = only(tables)
    assert found.diverged == 1
    assert found.dex["over all passes"].mean == pytest.approx(np.linspace(0, 1, 21)[1:].mean() / 4)
    text = page([found])
    assert "4, 1 diverged" in text
    assert text.endswith("\nNot trained yet: logistic regression, network with dropout.\n")


def test_every_question_is_on_the_page_trained_or_not() -> None:
    text = page([])
    for question in QUESTIONS:
        assert f"## {question.title}\n" in text
    assert text.count("Not trained yet.") == len(QUESTIONS)


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, RunConfig]]:
    """By task and series, one run of each."""
    with composer() as configs:
        experiments = {
            task: Experiment(configs, [[f"experiment={config_of(task)}", "budget=full"]])
            for task in MATTER_TASKS
        }
        return {
            task: {config.series: config for config in each.grid}
            for task, each in experiments.items()
        }


def test_every_series_is_in_a_pair_and_every_pair_is_trained(
    runs: dict[str, dict[str, RunConfig]],
) -> None:
    pairs = {pair for question in QUESTIONS for pair in question.pairs}
    trained = {series for each in runs.values() for series in each}
    assert {name for pair in pairs for name in pair} == trained
    for pair in pairs:
        assert any(set(pair) <= set(each) for each in runs.values()), pair


def test_the_two_of_a_pair_differ_in_the_detail_alone(
    runs: dict[str, dict[str, RunConfig]],
) -> None:
    for question in QUESTIONS:
        for pair in question.pairs:
            for each in runs.values():
                if set(pair) <= set(each):
                    one, other = (settings_of(as_text(each[name].settings())) for name in pair)
                    differ = {key for key in one | other if one.get(key) != other.get(key)}
                    of_the_rule = {key for key in differ if key.startswith("optimizer.")}
                    allowed = MAY_DIFFER.get(question.title, of_the_rule | {"training.l2"})
                    assert differ <= allowed, (pair, differ)
                    shared = {"optimizer.alpha", "optimizer.beta1", "optimizer.beta2"}
                    assert not differ & shared


def test_adamws_decay_takes_less_than_1_percent_off_the_weights(
    runs: dict[str, dict[str, RunConfig]],
) -> None:
    run = runs["matter_logistic"]["AdamW, decay 0.001"]
    steps, passes = run.training.epoch_steps or 469, range(1, run.training.epochs + 1)
    alphas = [run.optimizer.alpha * run.schedule.factor(steps * k, k) for k in passes]
    assert 0.001 < steps * sum(alphas) * run.optimizer.weight_decay < 0.01


def published() -> list[Effect]:
    folder = ROOT / "results" / "published" / "full"
    there = [name for name in MATTER_TASKS if Tables.exist(folder / name)]
    return list(effects({name: Tables.read(folder / name) for name in there}))


def test_the_page_is_that_of_the_committed_tables() -> None:
    text = (ROOT / "docs" / "does-it-matter.md").read_text()
    assert text == page(published()), "out of date: adamrepro matter --published --docs"


def test_the_committed_answers_are_those_of_the_committed_tables(tmp_path: Path) -> None:
    write_table(tmp_path / "matter.csv", table(published()))
    committed = ROOT / "results" / "published" / "full" / "matter.csv"
    assert committed.read_text() == (tmp_path / "matter.csv").read_text()
