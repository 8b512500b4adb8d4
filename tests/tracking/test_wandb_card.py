"""What W&B is told about a run, and that it is what the tables say."""

import math
import warnings

import pandas as pd
import pytest
from synthetic_runs import curve_rows, run_row

from adamrepro.results.fidelity import distances
from adamrepro.results.reference import PANELS, read_reference
from adamrepro.tracking.card import card_of, fidelity_of, identity, points_of, summary_of


def test_a_run_is_filed_by_experiment_budget_role_optimizer_and_commit() -> None:
    card = card_of("quick", run_row())
    assert card.id == "quick-fig1a-aaaa00000001"
    assert (card.group, card.job_type) == ("fig1a quick", "grid")
    assert card.tags == ("fig1a", "adam", "quick", "1234567890")
    assert card.name == "Adam alpha=0.001 seed=0"


def test_ad_hoc_runs_are_listed_by_their_task() -> None:
    row = run_row(experiment="adhoc", role="single", **{"model.name": "mlp"})
    assert card_of("adhoc", row).group == "mnist mlp adhoc"
    assert card_of("adhoc", run_row(role="single")).group == "fig1a adhoc"


def test_the_whole_configuration_says_more_than_the_row() -> None:
    settings = {"optimizer": {"alpha": 0.123456789}, "dataset": {"examples": None}, "budget": "x"}
    config = card_of("quick", run_row(**{"optimizer.alpha": "0.123457"}), settings).config
    assert config["optimizer"]["alpha"] == 0.123456789
    assert config["optimizer"]["beta1"] == 0.9
    assert (config["dataset"], config["budget"]) == ({"name": "mnist", "examples": None}, "x")


def test_settings_are_nested_and_typed_and_blank_ones_left_out() -> None:
    config = card_of("quick", run_row()).config
    assert config["optimizer"] == {
        "name": "adam",
        "alpha": 0.001,
        "beta1": 0.9,
        "beta2": 0.999,
        "bias_correction": True,
    }
    assert config["dataset"] == {"name": "mnist"}
    assert (config["seed"], config["threads"]) == (0, 1)
    assert config["commit"] == "1234567890"  # a commit of digits alone is no number
    assert config["data"] == {"source": "canonical", "sha": "0123456789ab"}
    assert not {"status", "seconds", "checksum"} & set(config)


def test_an_identity_holds_no_character_that_wandb_refuses() -> None:
    assert identity("quick", "my/experiment #1", "a%b:c") == "quick-myexperiment1-abc"
    assert identity("quick", "fig1a", "x") != identity("full", "fig1a", "x")


def test_points_are_the_cells_that_are_there() -> None:
    points = points_of(curve_rows())
    assert points[0] == {"train_nll": 2.30259, "test_nll": 2.4}
    assert points[2] == {"train_cost": 0.5, "train_nll": 0.45, "test_nll": 2.4}
    assert list(points) == [0, 1, 2, 3]


def test_the_summary_has_status_best_cost_and_fidelity() -> None:
    summary = summary_of(run_row(), curve_rows())
    assert summary["status"] == "done"
    assert summary["seconds"] == 1.5
    assert summary["best_cost"] == pytest.approx(1 / 3, rel=1e-5)
    assert summary["fidelity"] > 0
    assert "diverged_epoch" not in summary


def test_fidelity_is_that_of_the_figures() -> None:
    curve = curve_rows()
    runs = pd.DataFrame([{"run_id": "aaaa00000001", "series": "Adam", "status": "done"}])
    costs = pd.DataFrame(curve).apply(pd.to_numeric).assign(run_id="aaaa00000001")
    expected = distances(runs, costs, PANELS["fig1a"], read_reference("fig1a"))["dex"].iloc[0]
    assert fidelity_of(run_row(), curve) == pytest.approx(expected, rel=1e-12)


def test_a_bias_correction_run_has_its_distance_over_the_epochs_shown() -> None:
    reference = read_reference("fig4")
    chosen = (reference["series"] == "corrected") & reference["visible"]
    chosen &= (reference["beta1"] == 0.9) & (reference["beta2"] == 0.999)
    chosen &= ((reference["alpha"] / 1e-3 - 1).abs() < 1e-6) & (reference["epochs"] == 10)
    loss = float(reference.loc[chosen, "loss"].iloc[0])
    curve = [{"epoch": "10", "train_cost": "", "train_nll": f"{loss * 10**0.1:.6g}"}]
    row = run_row(experiment="fig4", series="corrected")
    warnings.simplefilter("error")
    assert fidelity_of(row, curve) == pytest.approx(0.1, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"experiment": "adhoc"}, math.nan),
        ({"series": "SGDNesterov of ours"}, math.nan),
        ({"status": "diverged", "diverged_epoch": "3"}, math.inf),
    ],
)
def test_without_a_curve_to_compare_there_is_no_fidelity(
    changes: dict[str, str], expected: float
) -> None:
    row = run_row(**changes)
    assert fidelity_of(row, curve_rows()) == pytest.approx(expected, nan_ok=True)
    assert "fidelity" not in summary_of(row, curve_rows())


def test_a_run_that_diverged_says_when_and_its_best_cost_is_finite() -> None:
    curve = [*curve_rows(2), {"epoch": "3", "train_cost": "inf"}]
    summary = summary_of(run_row(status="diverged", diverged_epoch="3"), curve)
    assert (summary["status"], summary["diverged_epoch"], summary["best_cost"]) == (
        "diverged",
        3,
        0.5,
    )
