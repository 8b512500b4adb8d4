import numpy as np
import pandas as pd
import pytest

from adamrepro.errors import UserError
from adamrepro.results.reference import CURVE_PANELS, PANELS, panel_of, read_reference
from adamrepro.results.schema import Tables
from adamrepro.results.select import (
    ONLY,
    Choice,
    Selection,
    choose,
    drawn_runs,
    hyper_parameters,
    searched,
)
from adamrepro.results.summary import summary
from synthetic import figure_4_tables, paper_curve, tables_like


def chosen(tables: Tables, panel: str = "fig1a") -> dict[tuple[str, str], Choice]:
    found = choose(tables.runs, tables.curves, panel)
    return {(choice.series, choice.selection): choice for choice in found}


def summarised(tables: Tables, panel: str = "fig1a") -> pd.DataFrame:
    found = summary(tables, CURVE_PANELS[panel_of(panel).name], read_reference(panel))
    return found.set_index(["series", "selection"])


def test_recovered_is_the_nearest_and_tuned_the_lowest() -> None:
    found = chosen(tables_like("fig1a"))
    for series in ("AdaGrad", "SGDNesterov", "Adam"):
        recovered, tuned = found[series, Selection.RECOVERED], found[series, Selection.TUNED]
        assert recovered.setting_id == f"{series}-1"
        assert recovered.run_id == f"{series}-1-0"
        assert recovered.score < 0.01
        assert tuned.setting_id == f"{series}-3"
        assert tuned.at_edge == recovered.at_edge == ()
    assert found["Adam", Selection.TUNED].score == pytest.approx(0.256 * 0.93, rel=0.02)


@pytest.mark.parametrize(("panel", "cost"), [("fig3", "train_nll"), ("fig1a", "train_cost")])
def test_tuned_has_the_lowest_plotted_cost(panel: str, cost: str) -> None:
    tables = tables_like(panel)
    other = {"train_nll": "train_cost", "train_cost": "train_nll"}[cost]
    curves = tables.curves.copy()
    last = curves["epoch"] == curves["epoch"].max()
    for name, column in (("Adam-1-0", other), ("Adam-0.3-0", cost)):
        curves.loc[last & (curves["run_id"] == name), column] = 1e-9
    assert (
        chosen(Tables(tables.runs, curves), panel)["Adam", Selection.TUNED].setting_id == "Adam-0.3"
    )
    drawn = summarised(Tables(tables.runs, curves), panel)
    # its confirmation runs are none, hence the grid's own
    assert drawn.loc[("Adam", "tuned"), "cost_mean"] == pytest.approx(1e-9)


def test_a_run_that_ended_early_is_never_chosen() -> None:
    tables = tables_like("fig1a", grid=((1.0, 1.0), (3.0, 0.93), (10.0, 0.99)))
    early = tables.curves["run_id"].isin(["Adam-3-0", "Adam-1-0"]) & tables.curves["epoch"].gt(20)
    found = chosen(Tables(tables.runs, tables.curves[~early]))
    for role in Selection:
        assert found["Adam", role].setting_id == "Adam-10"


def test_series_come_in_the_legends_order_and_unknown_ones_last() -> None:
    curve = paper_curve(PANELS["fig1a"], "Adam")
    curves = {"Mine": curve, "Adam": curve, "AdaGrad": curve}
    tables = tables_like("fig1a", curves=curves)
    series = [choice.series for choice in choose(tables.runs, tables.curves, "fig1a")]
    assert list(dict.fromkeys(series)) == ["AdaGrad", "Adam", "Mine"]


def test_grid_rows_alone_are_enough() -> None:
    tables = tables_like("fig1a", confirm=())
    choice = chosen(tables)["Adam", Selection.RECOVERED]
    assert drawn_runs(tables.runs, choice)["run_id"].tolist() == ["Adam-1-0"]


def test_curves_are_drawn_from_confirmation_seeds() -> None:
    tables = tables_like("fig1a")
    drawn = drawn_runs(tables.runs, chosen(tables)["Adam", Selection.TUNED])
    assert drawn["role"].eq("confirm").all()
    assert drawn["seed"].tolist() == [1, 2, 3]


def test_confirmation_runs_do_not_vote() -> None:
    tables = tables_like("fig1a")
    runs = tables.runs.copy()
    best = runs["role"].eq("confirm") & runs["setting_id"].eq("Adam-1")
    curves = tables.curves.copy()
    curves.loc[curves["run_id"].isin(runs.loc[best, "run_id"]), "train_cost"] = 1e-3
    assert chosen(Tables(runs, curves))["Adam", Selection.TUNED].setting_id == "Adam-3"


def test_a_diverged_run_never_wins() -> None:
    tables = tables_like("fig1a", grid=((1.0, 1.0), (3.0, 0.93), (10.0, 0.5)))
    gone = tables.runs["optimizer.alpha"] > 0.005
    tables.runs.loc[gone, "status"] = "diverged"
    tables.runs.loc[gone, "diverged_epoch"] = 40.0
    found = chosen(tables)
    assert found["Adam", Selection.TUNED].setting_id == "Adam-3"
    assert found["Adam", Selection.RECOVERED].setting_id == "Adam-1"


def test_where_all_diverge_the_last_to_go_is_shown() -> None:
    tables = tables_like("fig1a", grid=((3.0, np.inf), (10.0, np.inf)))
    tables.runs.loc[tables.runs["setting_id"] == "Adam-3", "diverged_epoch"] = 7
    for role in Selection:
        choice = chosen(tables)["Adam", role]
        assert (choice.setting_id, choice.score) == ("Adam-3", np.inf)


def test_edges_are_named() -> None:
    found = chosen(tables_like("fig1a", grid=((1.0, 1.0), (3.0, 0.93), (10.0, 1.4))))
    assert found["Adam", Selection.RECOVERED].at_edge == ("optimizer.alpha",)
    assert found["Adam", Selection.TUNED].at_edge == ()


def test_one_value_is_an_edge_too() -> None:
    alone = chosen(tables_like("fig1a", grid=((1.0, 1.0),)))
    assert alone["Adam", Selection.TUNED].at_edge == (ONLY,)
    tables = tables_like("fig1a")
    tables.runs["optimizer.momentum"] = tables.runs["optimizer.alpha"]
    tables.runs["optimizer.alpha"] = 0.1
    assert chosen(tables)["Adam", Selection.TUNED].at_edge == ("optimizer.alpha",)
    assert searched(tables.runs) == ["optimizer.alpha", "optimizer.momentum"]


def test_zero_is_no_edge() -> None:
    tables = tables_like("fig1a")
    tables.runs["training.l2"] = np.where(tables.runs["optimizer.alpha"] > 0.005, 1e-4, 0.0)
    assert hyper_parameters(tables.runs) == ["training.l2", "optimizer.alpha"]
    assert chosen(tables)["Adam", Selection.TUNED].at_edge == ()


def test_other_readings_and_roles_are_left_out() -> None:
    tables = tables_like("fig1a")
    tables.runs.loc[tables.runs["setting_id"] == "Adam-1", "reading"] = "fixed order"
    tables.runs.loc[tables.runs["setting_id"] == "Adam-3", "role"] = "single"
    found = chosen(tables)
    assert found["Adam", Selection.RECOVERED].setting_id == "Adam-0.3"
    assert found["Adam", Selection.TUNED].setting_id == "Adam-0.3"


def test_without_common_points_recovered_is_tuned() -> None:
    found = chosen(tables_like("fig1b", epochs=5), "fig1b")
    for series in ("SGDNesterov+dropout", "Adam"):
        recovered = found[series, Selection.RECOVERED]
        assert np.isnan(recovered.score)
        assert recovered.setting_id == found[series, Selection.TUNED].setting_id


def test_figure_4_has_nothing_to_select() -> None:
    tables = figure_4_tables(last=10)
    assert choose(tables.runs, tables.curves, "fig4") == []


def test_no_grid_is_an_error() -> None:
    tables = tables_like("fig1a")
    with pytest.raises(UserError, match="fig1a"):
        choose(tables.runs[tables.runs["role"] == "confirm"], tables.curves, "fig1a")


def test_summary_gives_mean_and_range_over_confirmation_seeds() -> None:
    tables = tables_like("fig1a")
    table = summarised(tables)
    adam = table.loc[("Adam", "recovered")]
    last = tables.curves[tables.curves["epoch"] == 46].set_index("run_id")["train_cost"]
    costs = last[[f"Adam-1-{seed}" for seed in (1, 2, 3)]]
    assert (adam["seeds"], adam["drawn"], adam["epoch"], adam["points"]) == (3, "confirm", 46, 45)
    assert adam["cost_mean"] == pytest.approx(costs.mean())
    assert (adam["cost_min"], adam["cost_max"]) == (costs.min(), costs.max())
    assert 0 < adam["fidelity_min"] < adam["fidelity_mean"] < adam["fidelity_max"] < 0.01
    assert adam["setting"] == "alpha=0.001"
    assert table.loc[("Adam", "tuned"), "fidelity_mean"] == pytest.approx(-np.log10(0.93), rel=0.1)


def test_summary_counts_diverged_confirmations() -> None:
    tables = tables_like("fig1a")
    one = tables.runs["run_id"] == "Adam-1-2"
    tables.runs.loc[one, ["status", "diverged_epoch"]] = ["diverged", 5]
    adam = summarised(tables).loc[("Adam", "recovered")]
    assert adam["diverged"] == 1
    assert np.isinf(adam["cost_max"])
    assert np.isinf(adam["fidelity_mean"])


def test_horizon_is_the_last_epoch_of_the_budget() -> None:
    table = summarised(tables_like("fig1a", epochs=12))
    assert set(table["epoch"]) == {12}


def test_tables_survive_the_csv_files(tmp_path) -> None:
    tables = tables_like("fig1a")
    tables.runs["setting_id"] = tables.runs["setting_id"].map(
        {name: f"{place:04d}" for place, name in enumerate(set(tables.runs["setting_id"]))}
    )
    tables.runs.to_csv(tmp_path / "runs.csv", index=False)
    tables.curves.to_csv(tmp_path / "curves.csv", index=False)
    assert Tables.exist(tmp_path)
    read = Tables.read(tmp_path)
    assert set(read.runs["setting_id"]) == set(tables.runs["setting_id"]), "ids stay text"
    assert set(read.runs["reading"]) == {""}
    pd.testing.assert_frame_equal(summarised(read), summarised(tables))


def test_missing_and_damaged_tables_are_named(tmp_path) -> None:
    with pytest.raises(UserError, match="no tables"):
        Tables.read(tmp_path)
    (tmp_path / "runs.csv").write_text("run_id,series\n1,Adam\n")
    with pytest.raises(UserError, match="setting_id"):
        Tables.read(tmp_path)
    (tmp_path / "runs.csv").write_text('a,b\n"1,2\n3')
    with pytest.raises(UserError, match=r"runs\.csv"):
        Tables.read(tmp_path)


def test_choices_do_not_depend_on_the_order_of_the_rows() -> None:
    tables = tables_like("fig1a")
    turned = Tables(tables.runs.iloc[::-1], tables.curves.iloc[::-1])
    assert chosen(tables) == chosen(turned)


def test_another_reference_can_be_given() -> None:
    tables = tables_like("fig1a")
    reference = read_reference("fig1a")
    reference["y"] *= 0.93
    found = choose(tables.runs, tables.curves, "fig1a", reference)
    assert all(choice.setting_id.endswith("-3") for choice in found)
