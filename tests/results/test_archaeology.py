"""The facts of docs/archaeology.md, one test each: what the numbers of the paper's figures show."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adamrepro.paths import REFERENCE
from adamrepro.results.reference import read_reference

ROOT = Path(__file__).parents[2]


def points(panel: str, *, drawn: bool = True) -> pd.DataFrame:
    table = read_reference(panel)
    return table[table["kind"] == "vertex"] if drawn else table


def off_grid(values: pd.Series, step: float) -> float:
    """How far the farthest value is from a multiple of `step`, in steps: at most 0.5."""
    steps = values / step
    return float((steps - steps.round()).abs().max())


def ripple(curve: np.ndarray) -> tuple[float, float]:
    """Second differences of the log curve: their autocorrelation at lag 6, and their size."""
    bends = np.diff(np.log(curve), 2)[8:]
    return float(np.corrcoef(bends[6:], bends[:-6])[0, 1]), float(bends.std())


def trained(folder: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    where = ROOT / "results" / "published" / folder
    return pd.read_csv(where / "runs.csv"), pd.read_csv(where / "curves.csv")


def costs(curves: pd.DataFrame, run_id: str, column: str = "train_cost") -> np.ndarray:
    own = curves[(curves["run_id"] == run_id) & (curves["epoch"] > 0)]
    return own.sort_values("epoch")[column].to_numpy()


# Figure 1a: 500 minibatches of 100 in one order


def test_figure_1a_ripples_with_period_6() -> None:
    table = read_reference("fig1a")
    for name, curve in table[table["x"] >= 6].groupby("series"):
        correlation, size = ripple(curve.sort_values("x")["y"].to_numpy())
        assert correlation > 0.95, name
        assert size > 0.01, name


def test_one_order_of_500_minibatches_of_100_ripples_alike_and_a_fresh_order_does_not() -> None:
    runs, curves = trained("full/fig1a")
    summary = pd.read_csv(ROOT / "results" / "published" / "full" / "fig1a" / "summary.csv")
    recovered = summary.loc[summary["selection"] == "recovered", "setting_id"]
    near = runs["setting_id"].isin(recovered) & (runs["series"] != "AdaGrad")
    drawn = runs[near & (runs["role"] == "confirm")]
    assert len(drawn) == 10
    assert (drawn["training.epoch_steps"] == 500).all()
    assert set(drawn["training.order"]) == {"once"}
    for run_id in drawn["run_id"]:
        correlation, size = ripple(costs(curves, run_id))
        assert correlation > 0.95
        assert size > 0.01
    runs, curves = trained("search/fig1a")
    fresh = runs["reading"].str.startswith("order: shuffled 128") & (runs["series"] == "Adam")
    usual = fresh & (runs["optimizer.alpha"] == 0.001)
    assert usual.any()
    assert max(ripple(costs(curves, run_id))[1] for run_id in runs.loc[usual, "run_id"]) < 0.002


@pytest.mark.parametrize("name", ["AdaGrad", "SGDNesterov", "Adam"])
def test_figure_1as_numbers_are_multiples_of_1_over_125_powers_of_2(name: str) -> None:
    """Among 1,000 odd numbers m, 125 fits best: y m 2^34 is near a whole number.

    The vertices are in points of the figure's canvas, as the PDF has them; 390.6 of them are the
    0.5 between the ends of the axis. Wrong m have a mean cosine of 0.15 or so at 42 to 47 points.
    """
    table = pd.read_csv(REFERENCE / "fig1a_vertices.csv")
    height = table.loc[table["series"] == name, "canvas_y_pt"].to_numpy()
    cost = 0.2 + (height - 63.0) / 390.6 * 0.5
    odd = np.arange(1, 2001, 2)
    fit = np.cos(2 * np.pi * odd[:, None] * cost * 2.0**34).mean(1)
    assert odd[fit.argmax()] == 125
    assert fit.max() > 0.85
    assert np.sort(fit)[-2] < 0.45


def test_the_vertices_are_those_of_the_curves() -> None:
    table = pd.read_csv(REFERENCE / "fig1a_vertices.csv")
    both = points("fig1a").merge(table, on=["series", "x"])
    assert len(both) == len(table) == len(points("fig1a"))
    assert (0.2 + (both["canvas_y_pt"] - 63) / 390.6 * 0.5).to_numpy() == pytest.approx(
        both["y"].to_numpy(), abs=1e-9
    )


# Figure 1b: one stream of noise


def test_figure_1b_has_five_decimals_and_one_stream_of_noise() -> None:
    table = points("fig1b")
    assert off_grid(table["y"], 1e-5) < 1e-6
    logs = np.log(table.pivot(index="x", columns="series", values="y"))
    shaken = (logs - logs.rolling(9, center=True).mean()).dropna().corr()
    alike = ["AdaGrad+dropout", "RMSProp+dropout", "Adam+dropout"]
    pairs = shaken.loc[alike, alike].to_numpy()[np.triu_indices(3, 1)]
    assert pairs.min() > 0.7
    assert shaken.loc["SGDNesterov+dropout", alike].abs().max() < 0.2


def test_figure_1b_begins_at_one_cost_for_two_optimizers() -> None:
    table = points("fig1b", drawn=False)
    start = table[table["x"] == 0].set_index("series")["y"]
    assert start["AdaGrad+dropout"] == start["RMSProp+dropout"] == 0.77521
    assert start["Adam+dropout"] > np.log(2)


# Figure 2


def test_figure_2as_rmsprop_was_logged_otherwise() -> None:
    for name, curve in points("fig2a").groupby("series"):
        assert (off_grid(curve["y"], 1e-5) < 1e-6) == (name == "RMSProp")


def test_figure_2bs_adam_lies_on_a_lattice_after_a_division() -> None:
    """18 of 18 values; the tolerance is the rounding of the coordinates, 3e-6 of a value."""
    table = points("fig2b_epochs")
    adam = table[table["series"] == "Adam"]
    late = adam[adam["x"] >= 8]
    assert len(late) == 18
    undone = late["y"] * 2.3 * (late["x"] - 7)
    assert off_grid(undone, 1e-5) < 1e-3
    assert off_grid(late["y"], 1e-5) > 0.4, "plain decimals would fit as well"
    whole = (undone / 1e-5).round().astype(int).tolist()
    assert whole == [187, 96, 71, 44, 34, 35, 30, 27, 26, 24, 25, 25] + [24] * 6
    early = adam[adam["x"] <= 7]
    assert off_grid(early["y"], 1e-5) < 0.08


def test_no_other_offset_or_factor_near_it_fits() -> None:
    table = points("fig2b_epochs")
    late = table[(table["series"] == "Adam") & (table["x"] >= 8)]
    fits = [
        (factor, offset)
        for factor in np.arange(1.0, 4.0, 0.1).round(1)
        for offset in (5, 6, 7)
        if off_grid(late["y"] * factor * (late["x"] - offset), 1e-5) < 0.01
    ]
    assert fits == [(2.3, 7)]


def test_figure_2bs_wall_time_is_the_pass_times_5() -> None:
    time, passes = points("fig2b_walltime"), points("fig2b_epochs")
    for name, factor in (("SFO", 5), ("Adam", 1)):
        x = time.loc[time["series"] == name, "x"].to_numpy()
        assert (x == factor * np.arange(len(x))).all()
        known = passes[passes["series"] == name]["y"].to_numpy()[: len(x)]
        drawn = time.loc[time["series"] == name, "y"].to_numpy()
        assert drawn == pytest.approx(known, rel=1e-4, abs=6e-6)


def test_50_minibatches_end_where_figure_2bs_adam_does() -> None:
    runs, curves = trained("full/fig2b")
    runs = runs[(runs["series"] == "Adam") & (runs["role"] == "grid")]
    ends = {
        (run["optimizer.alpha"], 60_000 / run["training.batch_size"]): costs(curves, run["run_id"])[
            -1
        ]
        for _, run in runs.iterrows()
    }
    away = {setting: abs(np.log10(end / 2.4e-4)) for setting, end in ends.items()}
    assert min(away, key=away.__getitem__) == (0.001, 50)
    assert away[0.001, 50] < 0.1


# Figure 3


def test_figure_3s_numbers_are_means_of_two_six_decimal_ones() -> None:
    values = points("fig3_right")["y"]
    assert off_grid(values, 5e-7) < 1e-6
    assert off_grid(values, 1e-6) == pytest.approx(0.5, abs=1e-6)


# Figure 4


def test_figure_4_draws_what_diverged_at_400() -> None:
    losses = read_reference("fig4")["loss"]
    assert (losses == 400).sum() == 17
    assert losses[losses < 400].max() < 220


def test_figure_4s_step_sizes_are_1_and_3_per_decade() -> None:
    grid = np.log10(sorted(set(read_reference("fig4")["alpha"].map(lambda a: float(f"{a:.3g}")))))
    expected = np.log10([3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2])
    assert grid.tolist() == pytest.approx(expected.tolist())


def test_figure_4s_lowest_loss_is_one_without_correction() -> None:
    table = read_reference("fig4")
    best = table.sort_values("loss").iloc[0]
    assert (best["series"], best["epochs"], best["beta1"], best["beta2"]) == (
        "uncorrected",
        100,
        0.9,
        0.999,
    )
    assert best["loss"] == pytest.approx(98.68, abs=0.01)
    fixed = table[table["series"] == "corrected"]["loss"].min()
    assert fixed == pytest.approx(99.05, abs=0.01)
