import numpy as np
import pandas as pd
import pytest
from drawn import caption, line, make
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from adamrepro.results.schema import Tables
from synthetic import figure_4_tables


def legends(figure: Figure) -> list[list[str]]:
    return [[text.get_text() for text in legend.get_texts()] for legend in figure.legends]


def only(tables: Tables, **settings: float) -> Tables:
    """The runs with these settings of the optimizer."""
    kept = np.logical_and.reduce(
        [np.isclose(tables.runs[f"optimizer.{name}"], value) for name, value in settings.items()]
    )
    return Tables(tables.runs[kept], tables.curves)


def diverge(tables: Tables, run: str, epoch: int) -> Tables:
    tables.runs.loc[tables.runs["run_id"] == run, ["status", "diverged_epoch"]] = [
        "diverged",
        epoch,
    ]
    gone = tables.curves["run_id"].eq(run) & tables.curves["epoch"].ge(epoch)
    return Tables(tables.runs, tables.curves[~gone])


def test_there_are_two_blocks_of_two_by_three_panels() -> None:
    figure = make("fig4", figure_4_tables())
    assert len(figure.axes) == 12
    for axes in figure.axes:
        assert axes.get_xlim() == (-5, -1)
        assert axes.get_ylim() == (95, 140)
    titles = [text.get_text() for text in figure.texts]
    assert {"after 10 epochs", "after 100 epochs"} <= set(titles)
    rows = [axes.get_ylabel().split("\n")[0] for axes in figure.axes[::3]]
    assert rows == [r"$\beta_1=0$", r"$\beta_1=0.9$"] * 2
    columns = [axes.get_title() for axes in figure.axes[:3]]
    assert columns == [rf"$\beta_2={beta2}$" for beta2 in (0.99, 0.999, 0.9999)]
    assert "train_nll" in caption(figure)
    assert "Not drawn" not in caption(figure)


def test_panels_hold_their_own_points() -> None:
    figure = make("fig4", figure_4_tables(shift=0.5))
    default = figure.axes[6 + 3 + 1]  # after 100 epochs, beta1 = 0.9, beta2 = 0.999
    red, green = line(default, "ours:corrected"), line(default, "ours:uncorrected")
    assert (to_rgb(red.get_color()), to_rgb(green.get_color())) == (to_rgb("r"), to_rgb("g"))
    place = list(np.round(red.get_xdata(), 3)).index(-3.0)
    assert red.get_ydata()[place] == pytest.approx(99.24 + 0.5, abs=0.01)
    crosses = line(default, "paper:uncorrected")
    assert crosses.get_marker() == "x"
    assert min(crosses.get_ydata()) == pytest.approx(98.68, abs=0.01)


def test_the_plotted_loss_is_that_of_the_whole_training_set() -> None:
    tables = figure_4_tables()
    tables.curves["train_cost"] += 5.0
    red = line(make("fig4", tables).axes[10], "ours:corrected")
    place = list(np.round(red.get_xdata(), 3)).index(-3.0)
    assert red.get_ydata()[place] == pytest.approx(99.24 + 0.5, abs=0.01)


def test_the_legends_have_the_median_distance_in_nats() -> None:
    expected = ["with bias correction  0.50 nats", "without  0.50 nats", "paper, dashed"]
    assert legends(make("fig4", figure_4_tables(shift=0.5))) == [expected, expected]


def test_diverged_runs_leave_at_the_cap() -> None:
    figure = make("fig4", figure_4_tables())
    for axes in figure.axes:
        for series in ("corrected", "uncorrected"):
            drawn = line(axes, f"ours:{series}")
            assert len(drawn.get_xdata()) == 7, "no grid point is dropped"
            assert max(drawn.get_ydata()) >= 200
    assert max(line(figure.axes[0], "ours:corrected").get_ydata()) == 400
    assert "Diverged in ours alone" not in caption(figure)


def test_points_that_diverged_in_one_alone_are_counted() -> None:
    tables = diverge(figure_4_tables(), "corrected-0.9-0.999-0.001-0", 5)
    assert "in ours alone: 2 points, in the paper alone: 0" in caption(make("fig4", tables))


def test_several_seeds_are_a_mean_and_a_range() -> None:
    figure = make("fig4", figure_4_tables(seeds=(0, 1, 2), shift=0.5))
    axes = figure.axes[10]
    red = line(axes, "ours:corrected")
    place = list(np.round(red.get_xdata(), 3)).index(-3.0)
    assert red.get_ydata()[place] == pytest.approx(99.24 + 0.6, abs=0.01)
    band = next(c for c in axes.collections if c.get_gid() == "range:corrected")
    heights = band.get_paths()[0].vertices
    at = heights[np.isclose(heights[:, 0], -3.0, atol=1e-3), 1]
    assert (min(at), max(at)) == pytest.approx((99.74, 99.94), abs=0.01)
    assert "3 seeds, mean and range" in caption(figure)


def test_the_ends_of_the_axis_are_drawn_where_they_were_run() -> None:
    tables = figure_4_tables()
    for value, end in ((3e-5, 1e-5), (3e-2, 1e-1)):
        at = np.isclose(tables.runs["optimizer.alpha"], value)
        tables.runs.loc[at, "optimizer.alpha"] = end
    x = line(make("fig4", tables).axes[10], "ours:corrected").get_xdata()
    assert (x[0], x[-1]) == pytest.approx((-5, -1))


@pytest.mark.parametrize(("last", "blocks"), [(3, 1), (10, 1), (40, 2)])
def test_a_cut_budget_shows_its_last_epoch(last: int, blocks: int) -> None:
    tables = figure_4_tables(last=last)
    tables.curves["train_nll"] -= 40.0 if last == 3 else 0.0  # into the frame
    figure = make("fig4", tables)
    assert len(figure.legends) == blocks
    titles = " ".join(text.get_text() for text in figure.texts)
    assert f"after {last} epochs" in titles
    assert f"{last} of 100 passes" in caption(figure)
    assert ("all after 100 epochs" in caption(figure)) == (blocks == 1)


def test_panels_in_which_nothing_of_ours_can_be_seen_are_left_out_and_named() -> None:
    tables = figure_4_tables(last=10)
    outer = Tables(tables.runs[tables.runs["optimizer.beta2"] != 0.999], tables.curves)
    figure = make("fig4", only(outer, beta1=0.9))
    assert len(figure.axes) == 2
    assert [axes.get_title() for axes in figure.axes] == [r"$\beta_2=0.99$", r"$\beta_2=0.9999$"]
    words = caption(figure)
    for name in (r"$\beta_1=0$ after 10 epochs", r"$\beta_2=0.999$ after 10 epochs"):
        assert name in words


def test_a_single_panel_can_be_missing() -> None:
    tables = figure_4_tables(last=10)
    one = (tables.runs["optimizer.beta1"] == 0) & (tables.runs["optimizer.beta2"] == 0.99)
    figure = make("fig4", Tables(tables.runs[~one], tables.curves))
    assert len(figure.axes) == 5
    assert r"$\beta_1=0$ with $\beta_2=0.99$ after 10 epochs" in caption(figure)
    # its neighbours below and on the right bear what it would have borne
    assert figure.axes[0].get_ylabel().startswith(r"$\beta_1=0$")
    assert figure.axes[2].get_title() == r"$\beta_2=0.99$"


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ({}, None),
        (
            {"uncorrected": 3e-4},
            r"Not trained: 15 of 21 at $\beta_1=0$ without correction, alpha 0.0003 to 0.03.",
        ),
        ({"corrected": 0}, r"Not trained: all 21 at $\beta_1=0$ with correction."),
    ],
)
def test_the_caption_says_which_of_the_papers_points_are_not_trained(
    gone: dict[str, float], words: str | None
) -> None:
    tables = figure_4_tables()
    runs = tables.runs
    for series, least in gone.items():
        from_least = runs["optimizer.alpha"].ge(0.99 * least) & runs["optimizer.beta1"].eq(0)
        runs = runs[~(runs["series"].eq(series) & from_least)]
    said = caption(make("fig4", Tables(runs, tables.curves)))
    count = f"{len(runs)} of" if gone else "all"
    assert f"{count} the paper's 84 grid points, 1 seed" in said
    assert (words in said) if words else ("Not trained" not in said)


def own(tables: Tables, name: str, **settings: float) -> Tables:
    """The corrected runs with beta1 0.9 as those of another optimizer."""
    chosen = tables.runs["series"].eq("corrected") & tables.runs["optimizer.beta1"].eq(0.9)
    runs = tables.runs[chosen].assign(series=name, **settings)
    curves = tables.curves[tables.curves["run_id"].isin(runs["run_id"])]
    return Tables(
        runs.assign(run_id=name + runs["run_id"], setting_id=name + runs["setting_id"]),
        curves.assign(run_id=name + curves["run_id"]),
    )


def test_an_optimizer_of_ones_own_is_drawn_where_it_has_a_panel_and_named_elsewhere() -> None:
    paper = figure_4_tables()
    added = [own(paper, "adamax"), own(paper, "NAdam", **{"optimizer.beta1": np.nan})]
    together = [
        pd.concat(parts) for parts in zip(*((t.runs, t.curves) for t in added), strict=True)
    ]
    figure = make(
        "fig4",
        Tables(
            pd.concat([paper.runs, together[0]], ignore_index=True),
            pd.concat([paper.curves, together[1]], ignore_index=True),
        ),
    )
    for axes in figure.axes[:3] + figure.axes[6:9]:
        assert not len(line(axes, "ours:adamax").get_xdata()), "beta1 = 0"
    for axes in figure.axes[3:6] + figure.axes[9:]:
        assert len(line(axes, "ours:adamax").get_xdata()) == 7
        assert to_rgb(line(axes, "ours:adamax").get_color()) == to_rgb("k")
    assert legends(figure)[0][2] == "adamax"
    said = caption(figure)
    assert "all the paper's 84 grid points" in said
    assert "Not among the paper's: 21 of adamax." in said
    assert "in no panel: NAdam." in said


def test_a_class_without_betas_alone_leaves_the_papers_curves() -> None:
    alone = own(figure_4_tables(last=10), "NAdam")
    runs = alone.runs.drop(columns=["optimizer.alpha", "optimizer.beta1", "optimizer.beta2"])
    figure = make("fig4", Tables(runs, alone.curves))
    assert len(figure.axes) == 6
    assert "0 of the paper's 84 grid points;" in caption(figure)


def test_runs_that_all_diverged_still_make_a_figure() -> None:
    tables = figure_4_tables(last=10)
    tables.runs[["status", "diverged_epoch"]] = ["diverged", 1]
    figure = make("fig4", Tables(tables.runs, tables.curves[tables.curves["epoch"] < 1]))
    assert len(figure.axes) == 6
