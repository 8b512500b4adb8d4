"""What docs/readings.md says of Figure 2b at full."""

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.schema import Tables
from adamrepro.results.seconds import training_seconds

FULL = Path(__file__).parents[2] / "results" / "published" / "full" / "fig2b"


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    """A row per series, number of minibatches and step size (0: it has none), seed 0."""
    runs = Tables.read(FULL).runs
    runs = runs[runs["role"] == "grid"]
    count = (60_000 / runs["training.batch_size"]).round().astype(int)
    alpha = runs["optimizer.alpha"].fillna(0.0)
    return runs.assign(minibatches=count, alpha=alpha).set_index(["series", "minibatches", "alpha"])


@pytest.fixture(scope="module")
def costs(runs: pd.DataFrame) -> pd.DataFrame:
    """Clean costs: index epoch, a column per run."""
    curves = Tables.read(FULL).curves.pivot(index="epoch", columns="run_id", values="train_nll")
    return pd.DataFrame({key: curves[run] for key, run in runs["run_id"].items()})


@pytest.mark.parametrize(
    ("series", "minibatches", "alpha", "expected"),
    [
        ("SFO", 25, 0, [0.443, 0.132, 0.0153, 0.0122, 6.2e-3, 3.0e-4]),
        ("SFO", 50, 0, [0.290, 0.063, 0.0043, 0.0031, 6.9e-4, 4.7e-5]),
        ("SFO", 100, 0, [0.227, 0.061, 0.0252, 0.0011, 3.3e-5, 1.3e-7]),
        ("Adam", 469, 0.001, [0.076, 0.0148, 0.0188, 0.0052, 5.3e-3, 3.4e-3]),
        ("Adam", 100, 0.001, [0.126, 0.0203, 0.0052, 0.0051, 9.4e-3, 1.8e-3]),
        ("Adam", 50, 0.001, [0.175, 0.0324, 0.0048, 9.0e-4, 4.1e-4, 2.4e-4]),
        ("Adam", 25, 0.001, [0.258, 0.0614, 0.0171, 5.4e-3, 1.8e-3, 9.2e-4]),
        ("Adam", 469, 0.0003, [0.121, 0.0175, 0.0038, 3.1e-3, 4.9e-3, 2.2e-4]),
        ("Adam", 25, 0.003, [0.163, 0.0216, 0.0052, 2.6e-4, 1.2e-4, 8.1e-5]),
    ],
)
def test_the_table(
    costs: pd.DataFrame, series: str, minibatches: int, alpha: float, expected: list[float]
) -> None:
    found = costs[series, minibatches, alpha].loc[[1, 5, 10, 15, 20, 25]]
    assert found.tolist() == pytest.approx(expected, rel=0.04)


def test_the_time_of_a_pass(runs: pd.DataFrame) -> None:
    seconds = training_seconds(runs)
    times = [seconds["SFO", n, 0.0] / seconds["Adam", n, 0.001] for n in (25, 50, 100)]
    assert times == pytest.approx([1.3, 2.5, 7.2], abs=0.05)


def test_dropout(costs: pd.DataFrame) -> None:
    assert costs["SFO+dropout", 25, 0.0].to_numpy() == pytest.approx(2.32, abs=0.005)
    assert costs.loc[26, ("Adam+dropout", 25, 0.001)] == pytest.approx(0.011, abs=5e-4)
    assert costs.loc[26, ("SFO", 25, 0.0)] == pytest.approx(1.8e-4, rel=0.01)


def test_dropout_over_four_seeds() -> None:
    tables = Tables.read(FULL)
    ends = tables.curves[tables.curves["epoch"] == 26].set_index("run_id")["train_nll"]
    by_seed = tables.runs.set_index(["series", "seed"])["run_id"].map(ends)
    sfo, adam = by_seed["SFO+dropout"], by_seed["Adam+dropout"]
    assert sfo[1] == pytest.approx(0.34, abs=0.005)
    assert sfo.drop(1).between(2.315, 2.335).all()
    assert adam.round(3).isin([0.011, 0.012]).all()
    assert len(sfo) == len(adam) == 4


@pytest.mark.parametrize(
    ("series", "selection", "expected"),
    [("SFO", "recovered", [0.71, 0.79]), ("Adam", "recovered", [0.35, 1.00])],
)
def test_distances_over_the_seeds(series: str, selection: str, expected: list[float]) -> None:
    rows = pd.read_csv(FULL / "summary.csv").set_index(["series", "selection"])
    found = rows.loc[(series, selection), ["fidelity_min", "fidelity_max"]]
    assert found.tolist() == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("SFO above Adam over all passes", [-0.55, -1.55, 0.45]),
        ("SFO above Adam at equal training times", [0.32, -1.81, 2.45]),
    ],
)
def test_ahead_per_pass_and_behind_per_second(what: str, expected: list[float]) -> None:
    checks = pd.read_csv(FULL.parent / "claims_evidence.csv")
    checks = checks[(checks["claim"] == "sfo-speed") & (checks["selection"] == "tuned")]
    found = checks.set_index("what").loc[what, ["ours", "low", "high"]]
    assert found.tolist() == pytest.approx(expected, abs=0.006)


def test_one_of_three_confirmations_of_adam_jumps_up() -> None:
    tables = Tables.read(FULL)
    chosen = tables.runs[(tables.runs["series"] == "Adam") & (tables.runs["role"] == "confirm")]
    ends = tables.curves[tables.curves["epoch"] == 25].set_index("run_id")["train_nll"]
    assert sorted(chosen["run_id"].map(ends)) == pytest.approx([8.0e-5, 8.0e-5, 3.0e-3], rel=0.02)
