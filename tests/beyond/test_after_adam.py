"""Rules after Adam: ranks and maps of made-up tables, equal budgets in configs, page and tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.beyond.after_adam import beta_map, ranking
from adamrepro.beyond.after_adam_page import page, table
from adamrepro.cli.after_adam import draw, judged
from adamrepro.errors import UserError
from adamrepro.experiments.experiment import Experiment
from adamrepro.figures.after_adam import betas
from adamrepro.optim import RULES
from adamrepro.results.schema import Tables
from adamrepro.results.tasks import BASELINE, TASKS
from adamrepro.results.written import write_table
from commandline import composer
from tuned_tables import PASSES, ranked

ROOT = Path(__file__).parents[2]
FULL = ROOT / "results" / "published" / "full"
PICTURES = ROOT / "figures" / "published" / "full"
OF_THE_PAPER = {"adam", "adamax", "adagrad", "rmsprop", "sgd", "adadelta"}


def grid(costs: dict[tuple[float, float, float], float]) -> Tables:
    """One pass of Adam for each (beta1, beta2, alpha)."""
    runs = pd.DataFrame(costs, index=["cost"]).T.reset_index(names=["b1", "b2", "alpha"])
    names = [f"run {place}" for place in range(len(runs))]
    rows = pd.DataFrame(
        {
            "run_id": names,
            "experiment": "after_adam_betas_made_up",
            "series": "Adam",
            "reading": "",
            "role": "grid",
            "status": "done",
            "optimizer.beta1": runs["b1"],
            "optimizer.beta2": runs["b2"],
            "optimizer.alpha": runs["alpha"],
            "training.epochs": 1,
        }
    )
    return Tables(rows, pd.DataFrame({"run_id": names, "epoch": 1, "train_cost": runs["cost"]}))


def test_rules_are_ranked_pass_by_pass() -> None:
    found = ranking("a task", ranked({"Worse": 0.1, "Late": 0.05}, late="Late"))
    assert found.ranks.loc[1].to_dict() == {BASELINE: 1, "Late": 2, "Worse": 3}
    assert found.ranks.loc[PASSES].to_dict() == {"Late": 1, BASELINE: 2, "Worse": 3}
    assert list(found.ranks) == ["Late", BASELINE, "Worse"]
    assert found.standings["Late"].dex["at the end"].mean == pytest.approx(-0.15)
    assert found.standings["Late"].verdicts == {"at the end": "better", "over all passes": "better"}
    assert found.standings["Worse"].verdicts["over all passes"] == "worse"


def test_step_sizes_are_parts_of_the_middle_one_and_costs_above_the_lowest_of_all() -> None:
    steps = ranking("a task", ranked({"Worse": 0.1})).steps
    assert list(steps.columns) == [0.1, 1.0, 10.0]
    assert list(steps.loc["Worse"]) == pytest.approx([0.2, 0.1, 0.2])
    assert list(steps.loc[BASELINE]) == pytest.approx([0.1, 0.0, 0.1])


def test_of_step_sizes_that_are_nearly_the_same_the_better_counts() -> None:
    tables = ranked({"Worse": 0.1})
    once = ranking("a task", tables).steps
    own = tables.runs[(tables.runs["series"] == "Worse") & (tables.runs["role"] == "grid")].head(1)
    curve = tables.curves[tables.curves["run_id"].isin(own["run_id"])]
    more = own.assign(run_id="of a user", **{"optimizer.alpha": own["optimizer.alpha"] * 1.02})
    again = Tables(
        pd.concat([tables.runs, more]),
        pd.concat([tables.curves, curve.assign(run_id="of a user", train_cost=9.0)]),
    )
    pd.testing.assert_frame_equal(ranking("a task", again).steps, once)


def test_a_map_takes_the_best_step_size_of_each_pair() -> None:
    costs = {(0.9, 0.9, 1e-3): 2.0, (0.9, 0.9, 1e-2): 1.0, (0.0, 0.9, 1e-3): 10.0}
    costs |= {(0.9, 0.999, 1e-3): 0.1, (0.0, 0.999, 1e-3): 1.0}
    found = beta_map("a task", grid(costs))
    assert found.best == (0.9, 0.999)
    assert found.equal == (0.9, 0.9)
    assert found.at((0.9, 0.9)) == pytest.approx(1.0)
    assert found.at_edge == ["beta1", "beta2"]
    text = page([], [found], "figures")
    assert "| a task, 1 passes | 0.9, 0.999 | 0.9, 0.9 | 1 | 0 | 1 of 4 | 4 of 4 |" in text
    assert "the next pair, 0, 0.999, is 1 dex above the lowest." in text


def test_a_map_says_where_the_best_step_size_is_the_last_tried_and_which_pairs_tie() -> None:
    steps = {1e-4: 1.0, 1e-3: 0.5, 1e-2: 2.0}
    costs = {(0.9, beta2, step): cost for beta2 in (0.9, 0.999) for step, cost in steps.items()}
    costs |= {(0.9, 0.999, 1e-2): 0.501}
    found = beta_map("a task", grid(costs))
    assert found.at_end.to_numpy().tolist() == [[False, False]]
    costs |= {(0.9, 0.999, 1e-2): 0.499}
    found = beta_map("a task", grid(costs))
    assert found.at_end.to_numpy().tolist() == [[False, True]]
    assert (found.best, found.second) == ((0.9, 0.999), (0.9, 0.9))
    assert "is 0.00087 dex above the lowest, which one seed does not tell apart." in page(
        [], [found], ""
    )
    figure = betas({"a task": (found.above, found.at_end)})
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.001", "0.000\N{DAGGER}"]


def test_the_page_has_every_rule_by_rank_and_says_what_is_missing() -> None:
    task = TASKS["mlp"]
    text = page([ranking(task, ranked({"Worse": 0.1, "Better": -0.1}))], [], "figures/full")
    assert "| at the end, dex | network with dropout, MNIST | than tuned Adam |" in text
    assert "| Better | -0.100 | better 1 |" in text
    assert "10 passes, 3 seeds. Lowest cost, by passes: Better 10.\n" in text
    section = text[text.index("## Network with dropout") :]
    assert section.index("| 1 | Better |") < section.index("| 2 | tuned Adam |")
    assert "](../figures/full/after_adam_ranks.png)" in text
    for name in ("logistic", "imdb", "vae", "betas_logistic"):
        assert f"Not trained yet: `adamrepro train -m experiment=after_adam/{name} bud" in text
    assert "experiment=after_adam/mlp budget=full`.\n" not in text


def test_without_adam_there_is_nothing_beside_which_to_stand() -> None:
    made = ranked({"Other": 0.1})
    alone = Tables(made.runs[made.runs["series"] == "Other"], made.curves)
    with pytest.raises(UserError, match="a task: no runs of tuned Adam"):
        ranking("a task", alone)


def test_every_later_rule_is_tried_at_as_many_settings_as_adam() -> None:
    with composer() as configs:
        for name in TASKS:
            own = [f"experiment=after_adam/{name}", "budget=full"]
            runs = Experiment(configs, [own]).grid
            counts = pd.Series([run.series for run in runs]).value_counts()
            assert set(counts) == {counts[BASELINE]}
            assert counts[BASELINE] >= 5
            tried = {run.optimizer.name for run in runs}
            assert tried == set(RULES) - OF_THE_PAPER | {"adam"}


def test_page_table_and_figures_are_those_of_the_committed_tables(tmp_path: Path) -> None:
    rankings, maps = judged(FULL)
    remedy = "out of date: adamrepro after-adam --published --docs"
    written = (ROOT / "docs" / "after-adam.md").read_text()
    assert written == page(rankings, maps, "figures/published/full"), remedy
    write_table(tmp_path / "after_adam.csv", table(rankings))
    assert (FULL / "after_adam.csv").read_text() == (tmp_path / "after_adam.csv").read_text(), (
        remedy
    )
    drawn = draw(rankings, maps, tmp_path)
    there = {path.name: path for path in PICTURES.glob("after_adam*")}
    assert {path.name for path in drawn} == set(there)
    for path in drawn:
        assert path.read_bytes() == there[path.name].read_bytes(), remedy


def test_adam_alone_is_ranked_and_compared_with_nothing() -> None:
    found = ranking("a task", ranked({}))
    assert (found.at_the_end, found.standings) == ({BASELINE: 1}, {})
    assert "| 1 | tuned Adam |  |" in page([ranking(TASKS["mlp"], ranked({}))], [], "figures")
