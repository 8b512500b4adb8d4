"""What docs/readings.md says of the search of Figure 4."""

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.reference import read_reference
from adamrepro.results.schema import Tables

SEARCH = Path(__file__).parents[2] / "results" / "published" / "search" / "fig4"
NORMAL, FAN_IN = "N(0 0.01^2)", "N(0 1/fan_in)"
PROBABILITIES, BINARISED = "probabilities", "binarised"
CHOSEN = ("50000", NORMAL, PROBABILITIES, "100")
POINTS = ["series", "optimizer.alpha"]


@pytest.fixture(scope="module")
def losses() -> pd.DataFrame:
    """A row per reading, a column per series and alpha: nats at the end of epoch 10."""
    tables = Tables.read(SEARCH)
    ends = tables.curves[tables.curves["epoch"] == 10].set_index("run_id")["train_nll"]
    runs = tables.runs.assign(nats=tables.runs["run_id"].map(ends))
    readings = runs["reading"].str.split("; ", expand=True)
    names = ["images", "init", "pixels", "batch"]
    for name, column in zip(names, readings, strict=True):
        runs[name] = readings[column].str.removeprefix(f"{name}: ")
    return runs.pivot(index=names, columns=POINTS, values="nats")


@pytest.fixture(scope="module")
def paper() -> pd.Series:
    points = read_reference("fig4")
    own = (points["epochs"] == 10) & (points["beta1"] == 0.9) & (points["beta2"] == 0.999)
    return points[own].set_index(["series", "alpha"])["loss"]


def distances(losses: pd.DataFrame, paper: pd.Series) -> pd.Series:
    return (losses - paper.reindex(losses.columns)).abs().mean(axis=1)


def test_the_chosen_reading_is_nearest_by_far(losses: pd.DataFrame, paper: pd.Series) -> None:
    found = distances(losses, paper).sort_values()
    assert len(found) == 16
    assert found.index[0] == CHOSEN
    assert found.iloc[0] == pytest.approx(0.30, abs=0.005)
    assert found.iloc[1] > 6.9 * found.iloc[0]


@pytest.mark.parametrize(
    ("reading", "expected", "distance"),
    [
        (CHOSEN, [119.90, 106.95, 115.68, 106.77], 0.30),
        (("50000", NORMAL, BINARISED, "100"), [119.13, 103.78, 114.52, 103.65], 2.09),
        (
            ("50000", FAN_IN, PROBABILITIES, "100"),
            [114.42, 108.11, 112.64, 106.27],
            2.57,
        ),
        (("50000", FAN_IN, BINARISED, "100"), [109.84, 104.54, 108.28, 102.61], 6.04),
        (("60000", NORMAL, PROBABILITIES, "100"), [116.21, 106.15, 112.86, 105.69], 2.13),
        (("60000", NORMAL, BINARISED, "100"), [114.05, 102.42, 111.56, 102.65], 4.69),
        (
            ("60000", FAN_IN, PROBABILITIES, "100"),
            [112.91, 107.09, 111.32, 105.55],
            3.20,
        ),
        (("60000", FAN_IN, BINARISED, "100"), [108.73, 103.51, 107.36, 101.66], 7.04),
    ],
)
def test_the_table(
    losses: pd.DataFrame,
    paper: pd.Series,
    reading: tuple[str, ...],
    expected: list[float],
    distance: float,
) -> None:
    assert losses.loc[reading].tolist() == pytest.approx(expected, abs=0.005)
    assert distances(losses, paper)[reading] == pytest.approx(distance, abs=0.005)


def test_minibatches_of_1000_end_too_high(losses: pd.DataFrame, paper: pd.Series) -> None:
    above = losses.xs("1000", level="batch") - paper.reindex(losses.columns)
    assert above.to_numpy().min() == pytest.approx(4, abs=0.5)
    assert above.to_numpy().max() == pytest.approx(68, abs=0.5)


def test_initial_weights_are_told_apart_at_the_smaller_step(
    losses: pd.DataFrame, paper: pd.Series
) -> None:
    other = losses.loc["50000", FAN_IN, "probabilities", "100"]
    point = ("corrected", 0.0003)
    assert other[point] - paper[point] == pytest.approx(-5.4, abs=0.05)
