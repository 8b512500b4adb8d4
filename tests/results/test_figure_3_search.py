"""What docs/readings.md says of the search of Figure 3."""

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.reference import read_reference
from adamrepro.results.schema import Tables

SEARCH = Path(__file__).parents[2] / "results" / "published" / "search" / "fig3"
PAPER = {
    "AdaGrad": 1.577,
    "AdaGrad+dropout": 1.728,
    "SGDNesterov": 2.069,
    "SGDNesterov+dropout": 1.722,
    "Adam": 1.162,
    "Adam+dropout": 1.241,
}


@pytest.fixture(scope="module")
def costs() -> pd.DataFrame:
    """A row per series and step size: train_nll and train_cost after one pass."""
    tables = Tables.read(SEARCH)
    ends = tables.curves[tables.curves["epoch"] == 1].set_index("run_id")
    runs = tables.runs.set_index(["series", "optimizer.alpha"])
    return ends.loc[runs["run_id"], ["train_nll", "train_cost"]].set_index(runs.index)


@pytest.mark.parametrize(("series", "cost"), PAPER.items())
def test_the_papers_costs_after_a_pass(series: str, cost: float) -> None:
    points = read_reference("fig3_left")
    [found] = points.loc[(points["series"] == series) & (points["x"] == 1), "y"]
    assert found == pytest.approx(cost, abs=5e-4)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("AdaGrad", [1.708, 1.578, 1.456, 1.418, 1.469]),
        ("AdaGrad+dropout", [1.779, 1.656, 1.577, 1.557, 1.598]),
        ("SGDNesterov", [2.283, 1.609, 1.337, 1.221, 1.787]),
        ("SGDNesterov+dropout", [2.226, 1.620, 1.503, 1.337, 2.304]),
        ("Adam", [1.616, 1.427, 1.206, 1.117, 1.425]),
        ("Adam+dropout", [1.664, 1.542, 1.369, 1.249, 1.709]),
    ],
)
def test_the_table(costs: pd.DataFrame, series: str, expected: list[float]) -> None:
    found = costs.loc[series, "train_nll"].sort_index()
    assert found.tolist() == pytest.approx(expected, abs=5e-4)


def test_the_mean_over_the_pass_is_nowhere_near_for_adam(costs: pd.DataFrame) -> None:
    for series in ("Adam", "Adam+dropout"):
        assert costs.loc[series, "train_cost"].min() > 1.29 * PAPER[series]


def test_dropout_raises_the_cost_but_for_the_smallest_step_of_sgd(costs: pd.DataFrame) -> None:
    alone = costs["train_nll"].rename(index=lambda name: f"{name}+dropout", level="series")
    ratio = costs["train_nll"] / alone
    lowered = ratio[ratio < 1].index
    assert list(lowered) == [("SGDNesterov+dropout", 0.003)]
