import numpy as np
import pandas as pd
import pytest

from adamrepro.errors import UserError
from adamrepro.results.reference import (
    CURVE_PANELS,
    EXPERIMENTS,
    PANELS,
    panel_of,
    read_reference,
    read_references,
)

LINES = list(CURVE_PANELS)


def value(panel: str, series: str, x: int, column: str = "y") -> float:
    table = read_reference(panel)
    return float(table.loc[(table["series"] == series) & (table["x"] == x), column].iloc[0])


@pytest.mark.parametrize("name", LINES)
def test_visible_points_lie_in_the_panel_and_series_are_the_legends(name: str) -> None:
    panel, table = PANELS[name], read_reference(name)
    assert list(dict.fromkeys(table["series"])) == list(panel.series)
    shown = table[table["visible"]]
    low, high = panel.y_limits
    assert shown["x"].between(*panel.x_limits).all()
    assert shown["y"].between(low * (1 - 1e-6), high * (1 + 1e-6)).all()
    assert set(shown["kind"]) <= {"vertex", "interpolated"}
    inside = table["x"].between(*panel.x_limits) & table["y"].between(low, high)
    assert inside.sum() == len(shown), "no point inside the frame is called invisible"


def test_known_numbers() -> None:
    assert value("fig1a", "Adam", 45) == pytest.approx(0.25707542)
    assert value("fig1a", "AdaGrad", 0) == pytest.approx(1.52066461)
    assert value("fig1b", "AdaGrad+dropout", 175) == pytest.approx(0.24454)
    assert value("fig2a", "Adam", 200) == pytest.approx(0.0063130021)
    assert value("fig3_right", "SGDNesterov+dropout", 45) == pytest.approx(0.034147)


def test_panels_that_show_the_same_curve_agree() -> None:
    left, right = read_reference("fig3_left"), read_reference("fig3_right")
    both = left.merge(right, on=["series", "x"])
    assert len(both) == len(left)
    np.testing.assert_allclose(both["y_x"], both["y_y"], rtol=1e-8)
    time = read_reference("fig2b_walltime")
    time = time.assign(x=time["x"] / time["series"].map(PANELS["fig2b_walltime"].stretch_of))
    both = time.merge(read_reference("fig2b_epochs"), on=["series", "x"])
    assert len(both) == len(time)
    np.testing.assert_allclose(both["y_x"], both["y_y"], atol=6e-6, rtol=1e-4)


def test_figure_2b_is_held_as_plotted_and_undone() -> None:
    assert value("fig2b_epochs", "Adam", 25) == pytest.approx(5.797e-6, rel=1e-3)
    assert value("fig2b_epochs", "Adam", 25, "y_undone") == pytest.approx(2.4e-4)
    table = read_reference("fig2b_epochs")
    same = table["y"] / table["y_undone"]
    assert same[(table["series"] == "SFO") | (table["x"] < 8)].to_numpy() == pytest.approx(
        1, rel=1e-3
    )


def test_figure_4_stops_at_its_cap() -> None:
    table = read_reference("fig4")
    assert table["loss"].max() == 400
    assert (table["loss"] == 400).sum() == 17
    assert table["visible"].sum() == 87
    default = table[
        (table["series"] == "corrected")
        & (table["beta1"] == 0.9)
        & (table["beta2"] == 0.999)
        & np.isclose(table["alpha"], 1e-3)
    ]
    assert default["loss"].tolist() == pytest.approx([106.96, 99.24], abs=0.005)


def test_names() -> None:
    assert panel_of("fig3").name == "fig3_right"
    assert panel_of("fig1a").experiment == "fig1a"
    assert EXPERIMENTS == ("fig1a", "fig1b", "fig2a", "fig2b", "fig3", "fig4")
    assert set(read_references()) == set(PANELS)
    with pytest.raises(UserError, match="fig9"):
        panel_of("fig9")


def test_last_epoch_follows_the_mapping() -> None:
    assert PANELS["fig1a"].last_epoch == 46
    assert PANELS["fig1b"].last_epoch == 175
    walltime = PANELS["fig2b_walltime"]
    assert (walltime.last_epoch_of("SFO"), walltime.last_epoch_of("Adam")) == (20, 101)


def test_missing_file_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("adamrepro.results.reference.REFERENCE", tmp_path)
    with pytest.raises(UserError, match=r"fig1a\.csv"):
        read_reference("fig1a")


def test_no_duplicates() -> None:
    for name in LINES:
        table: pd.DataFrame = read_reference(name)
        assert not table.duplicated(["series", "x"]).any()
