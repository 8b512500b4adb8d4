import dataclasses

import numpy as np
import pandas as pd
import pytest

from adamrepro.results.fidelity import (
    distances,
    figure_4_losses,
    figure_4_points,
    figure_4_summary,
    plotted,
)
from adamrepro.results.reference import PANELS, panel_of, read_reference
from synthetic import figure_4_tables, paper_curve, tables_like

ONE = ((1.0, 1.0),)
EXPERIMENTS = ["fig1a", "fig1b", "fig2a", "fig2b", "fig3"]


def distance(experiment: str, tables) -> pd.DataFrame:
    panel = panel_of(experiment)
    return distances(tables.runs, tables.curves, panel, read_reference(panel.name))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_papers_own_curve_is_at_zero_over_all_visible_points(experiment: str) -> None:
    tables = tables_like(experiment, grid=ONE, confirm=(), noise=0)
    panel = panel_of(experiment)
    reference = read_reference(panel.name)
    shown = reference[reference["visible"]].groupby("series").size()
    found = distance(experiment, tables)
    found.index = found.index.str.removesuffix("-1-0")
    # An initial cost (x = 0) is not part of the synthetic curves.
    first = 1 if panel.shift == 0 else 0
    for series in panel.series:
        later = reference["visible"] & (reference["series"] == series) & (reference["x"] >= first)
        assert shown[series] - later.sum() <= 1
        assert found.loc[series, "points"] == shown[series]
        assert found.loc[series, "dex"] < (1e-6 if experiment in ("fig1a", "fig1b") else 0.02)


def test_a_constant_factor_is_its_logarithm() -> None:
    curve = paper_curve(PANELS["fig1a"], "Adam") * 10**0.1
    tables = tables_like("fig1a", curves={"Adam": curve}, grid=ONE, confirm=(), noise=0)
    found = distance("fig1a", tables).iloc[0]
    assert found["dex"] == pytest.approx(0.1)
    assert found["points"] == 45, "x = 0 lies above the panel"


def test_the_papers_point_k_is_our_epoch_k_plus_1() -> None:
    tables = tables_like("fig1a", grid=ONE, confirm=(), noise=0)
    points = plotted(tables.runs, tables.curves, PANELS["fig1a"])
    adam = points[points["series"] == "Adam"].set_index("x")
    assert adam.loc[45, "epoch"] == 46
    assert adam.index.min() == 0, "epoch 0 has no place in this panel"
    assert adam.loc[0, "y"] == pytest.approx(0.71176752)


def test_the_mapping_is_the_panels(monkeypatch) -> None:
    tables = tables_like("fig1a", grid=ONE, confirm=(), noise=0)
    reference = read_reference("fig1a")
    off = dataclasses.replace(PANELS["fig1a"], shift=0)
    right = distances(tables.runs, tables.curves, PANELS["fig1a"], reference)
    wrong = distances(tables.runs, tables.curves, off, reference)
    assert (wrong["dex"] > right["dex"] + 0.002).all()


def test_epoch_0_stands_for_itself_where_the_paper_shows_it() -> None:
    tables = tables_like("fig2b", grid=ONE, confirm=(), noise=0)
    points = plotted(tables.runs, tables.curves, PANELS["fig2b_epochs"]).set_index(["series", "x"])
    assert points.loc[("SFO", 0), "y"] == pytest.approx(2.303)
    assert points.loc[("Adam", 0), "epoch"] == 1
    time = plotted(tables.runs, tables.curves, PANELS["fig2b_walltime"]).set_index(["series", "x"])
    assert time.loc[("SFO", 50), "epoch"] == 10


def test_points_missing_in_either_are_left_out_and_counted() -> None:
    tables = tables_like("fig1a", grid=ONE, confirm=(), noise=0, epochs=10)
    found = distance("fig1a", tables)
    assert found["points"].to_dict() == {"AdaGrad-1-0": 2, "SGDNesterov-1-0": 10, "Adam-1-0": 9}
    short = distance("fig1a", tables_like("fig1a", grid=ONE, confirm=(), epochs=3))
    assert short.loc["AdaGrad-1-0", "points"] == 0
    assert np.isnan(short.loc["AdaGrad-1-0", "dex"])


def test_a_diverged_run_is_infinitely_far() -> None:
    found = distance("fig1a", tables_like("fig1a", grid=((10.0, np.inf),)))
    assert np.isinf(found["dex"]).all()


def figure_4(tables, epochs=(10, 100)) -> pd.DataFrame:
    losses = figure_4_losses(tables.runs, tables.curves, list(epochs))
    return figure_4_points(losses, read_reference("fig4"))


def test_figure_4_differences_in_nats() -> None:
    points = figure_4(figure_4_tables(shift=0.5))
    assert points["paper"].notna().sum() == len(read_reference("fig4"))
    inside = points[points["visible"]]
    assert len(inside) == 87
    assert inside["nats"].to_numpy() == pytest.approx(0.5)
    summary = figure_4_summary(points)
    assert summary["points"].sum() == len(read_reference("fig4")) - 17, "all but those at the cap"
    assert summary["median_nats"].to_numpy() == pytest.approx(0.5)
    assert (summary["fidelity"] < 0.003).all()
    assert (summary[["only_ours", "only_paper"]] == 0).all(axis=None)


def test_figure_4_compares_the_cost_that_the_panel_shows() -> None:
    tables = figure_4_tables(shift=0.5)
    tables.curves["train_cost"] += 7.0
    points = figure_4(tables)
    assert points.loc[points["visible"], "nats"].to_numpy() == pytest.approx(0.5)


def test_figure_4_of_beta1_zero_alone_is_the_same_when_its_column_reads_as_whole_numbers() -> None:
    tables = figure_4_tables(shift=0.5)
    runs = tables.runs[tables.runs["optimizer.beta1"] == 0.0]
    points = figure_4(dataclasses.replace(tables, runs=runs))
    assert points["paper"].notna().any()
    whole = runs.astype({"optimizer.beta1": int})
    pd.testing.assert_frame_equal(figure_4(dataclasses.replace(tables, runs=whole)), points)


def test_figure_4_points_above_the_frame_count() -> None:
    tables = figure_4_tables(shift=0.0)
    run = "uncorrected-0.9-0.9999-0.001-0"
    here = tables.curves["run_id"].eq(run) & tables.curves["epoch"].eq(10)
    tables.curves.loc[here, "train_nll"] = 140.0
    points = figure_4(tables).query("epochs == 10 and seeds == 1")
    far = points.loc[points["nats"].idxmax()]
    assert (far["paper"], far["ours"], far["visible"]) == (
        pytest.approx(189.46, abs=0.01),
        140.0,
        False,
    )
    assert figure_4_summary(points)["largest_nats"].max() == pytest.approx(49.46, abs=0.01)


def test_figure_4_points_say_whose_runs_diverged() -> None:
    tables = figure_4_tables(seeds=(0, 1))
    runs = tables.runs.set_index("run_id")
    # at alpha 0.003, beta1 0.9, beta2 0.999 nobody's, then ours; at 0.03 the paper's alone
    runs.loc[["corrected-0.9-0.999-0.001-0"], ["status", "diverged_epoch"]] = ["diverged", 3]
    both = [f"corrected-0.9-0.99-0.001-{seed}" for seed in (0, 1)]
    runs.loc[both, ["status", "diverged_epoch"]] = ["diverged", 3]
    lives = runs.index[(runs["diverged_epoch"] == 2) & runs.index.str.startswith("corrected")]
    runs.loc[lives, ["status", "diverged_epoch"]] = ["done", np.nan]
    curves = tables.curves.copy()
    curves.loc[curves["run_id"].isin(lives), "train_nll"] = 130.0
    points = figure_4(type(tables)(runs.reset_index(), curves)).query("epochs == 10")
    points = points.assign(step=np.log10(points["alpha"]).round(3))
    points = points.set_index(["series", "beta1", "beta2", "step"]).sort_index()
    some = points.loc[("corrected", 0.9, 0.999, -3.0)]
    assert (some["diverged"], some["seeds"], some["seeds_diverged"]) == ("some of ours", 2, 1)
    assert points.loc[("corrected", 0.9, 0.99, -3.0), "diverged"] == "ours"
    corrected = points.loc["corrected"]
    gone = corrected[corrected["paper"] >= 400]
    assert len(gone)
    assert set(gone["diverged"]) == {"paper"}
    assert set(points.loc["uncorrected"].query("paper >= 400")["diverged"]) == {"both"}
    summary = figure_4_summary(points.reset_index()).set_index("series")
    assert summary.loc["corrected", "only_ours"] == 1
    assert summary.loc["corrected", "only_paper"] == len(gone)


def test_figure_4_runs_have_a_distance_of_their_own() -> None:
    tables = figure_4_tables(shift=0.0)
    found = distance("fig4", tables)
    run = "corrected-0.9-0.999-0.001-0"
    assert (found.loc[run, "points"], found.loc[run, "dex"]) == (2, pytest.approx(0, abs=1e-12))
    tables.curves["train_nll"] *= 10**0.1
    assert distance("fig4", tables).loc[run, "dex"] == pytest.approx(0.1)


def test_figure_4_points_diverged_in_both_are_not_compared() -> None:
    points = figure_4(figure_4_tables())
    both = points[(points["paper"] == 400) & (points["ours"] == 400)]
    assert len(both) == 17
    assert both[["nats", "dex"]].isna().all(axis=None)


def test_figure_4_runs_that_diverge_stand_at_the_cap() -> None:
    tables = figure_4_tables()
    run = "corrected-0.9-0.999-0.001-0"
    tables.runs.loc[tables.runs["run_id"] == run, ["status", "diverged_epoch"]] = ["diverged", 50]
    gone = tables.curves["run_id"].eq(run) & tables.curves["epoch"].ge(50)
    points = figure_4(type(tables)(tables.runs, tables.curves[~gone]))
    points = points.assign(step=np.log10(points["alpha"]).round(3)).set_index(
        ["series", "beta1", "beta2", "step", "epochs"]
    )
    assert points.loc[("corrected", 0.9, 0.999, -3.0, 10), "nats"] == pytest.approx(0.5)
    assert points.loc[("corrected", 0.9, 0.999, -3.0, 100), "ours"] == 400
    assert points.loc[("corrected", 0.9, 0.999, -3.0, 100), "nats"] > 300


def test_figure_4_seeds_are_averaged() -> None:
    points = figure_4(figure_4_tables(seeds=(0, 1, 2)))
    assert points.loc[points["visible"], "nats"].to_numpy() == pytest.approx(0.6)
