"""What docs/readings.md says of Figure 2b at full."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adamrepro.results.schema import Tables
from adamrepro.results.seconds import training_seconds

FULL = Path(__file__).parents[2] / "results" / "published" / "full" / "fig2b"


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    """A row per series and number of minibatches, seed 0."""
    runs = Tables.read(FULL).runs
    runs = runs[runs["role"] == "grid"]
    count = (60_000 / runs["training.batch_size"]).round().astype(int)
    return runs.assign(minibatches=count).set_index(["series", "minibatches"])


@pytest.fixture(scope="module")
def costs(runs: pd.DataFrame) -> pd.DataFrame:
    """Clean costs: index epoch, a column per run."""
    curves = Tables.read(FULL).curves.pivot(index="epoch", columns="run_id", values="train_nll")
    return pd.DataFrame({key: curves[run] for key, run in runs["run_id"].items()})


@pytest.mark.parametrize(
    ("series", "minibatches", "expected"),
    [
        ("SFO", 25, [0.443, 0.132, 0.0153, 0.0122, 6.2e-3, 3.0e-4]),
        ("SFO", 50, [0.290, 0.063, 0.0043, 0.0031, 6.9e-4, 4.7e-5]),
        ("SFO", 100, [0.227, 0.061, 0.0252, 0.0011, 3.3e-5, 1.3e-7]),
        ("Adam", 469, [0.076, 0.0148, 0.0188, 0.0052, 5.3e-3, 3.4e-3]),
        ("Adam", 100, [0.126, 0.0203, 0.0052, 0.0051, 9.4e-3, 1.8e-3]),
        ("Adam", 50, [0.175, 0.0324, 0.0048, 9.0e-4, 4.1e-4, 2.4e-4]),
        ("Adam", 25, [0.258, 0.0614, 0.0171, 5.4e-3, 1.8e-3, 9.2e-4]),
    ],
)
def test_the_table(
    costs: pd.DataFrame, series: str, minibatches: int, expected: list[float]
) -> None:
    found = costs[series, minibatches].loc[[1, 5, 10, 15, 20, 25]]
    assert found.tolist() == pytest.approx(expected, rel=0.03)


def test_the_time_of_a_pass(runs: pd.DataFrame) -> None:
    seconds = training_seconds(runs)
    times = [seconds["SFO", count] / seconds["Adam", count] for count in (25, 50, 100)]
    assert times == pytest.approx([1.3, 2.5, 7.2], abs=0.05)


def test_dropout(costs: pd.DataFrame) -> None:
    assert costs["SFO+dropout", 25].to_numpy() == pytest.approx(2.32, abs=0.005)
    assert costs.loc[26, ("Adam+dropout", 25)] == pytest.approx(0.011, abs=5e-4)
    assert costs.loc[26, ("SFO", 25)] == pytest.approx(1.8e-4, rel=0.01)


def test_ahead_per_pass_and_behind_per_second(runs: pd.DataFrame, costs: pd.DataFrame) -> None:
    sfo, adam = (np.log10(costs[key].loc[1:].to_numpy()) for key in (("SFO", 100), ("Adam", 50)))
    assert (sfo - adam).mean() == pytest.approx(-0.50, abs=0.005)
    seconds = training_seconds(runs)
    passes = np.arange(1, 27)
    times = passes * seconds["SFO", 100] / seconds["Adam", 50]
    assert (sfo - np.interp(times, passes, adam)).mean() == pytest.approx(0.47, abs=0.005)
