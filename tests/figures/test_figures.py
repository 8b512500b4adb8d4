import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from adamrepro.figures import FIGURES, style
from adamrepro.results.reference import PANELS, read_reference, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role
from synthetic import figure_4_tables, tables_like

PANELS_OF = {
    "fig1a": ["fig1a"],
    "fig1b": ["fig1b"],
    "fig2a": ["fig2a"],
    "fig2b": ["fig2b_epochs", "fig2b_walltime"],
    "fig3": ["fig3_left", "fig3_right"],
}
# As the paper's legends are coloured: b, g, r, c, m, y from the top.
COLOURS = {
    "fig1a": {"AdaGrad": "b", "SGDNesterov": "g", "Adam": "r"},
    "fig1b": {"AdaGrad+dropout": "b", "SGDNesterov+dropout": "r", "Adam+dropout": "c"},
    "fig2a": {"AdaGrad": "b", "RMSProp": "g", "AdaDelta": "c", "Adam": "m"},
    "fig2b": {"SFO": "b", "Adam": "g"},
    "fig3": {"AdaGrad": "b", "SGDNesterov": "r", "Adam": "m", "Adam+dropout": "y"},
}


def make(name: str, tables: Tables, role: Role = Role.RECOVERED, budget: str = "full") -> Figure:
    with style.styled():
        return FIGURES[name](tables, read_references(), budget=budget, role=role)


def line(axes: Axes, gid: str):
    found = [line for line in axes.lines if line.get_gid() == gid]
    assert found, f"no line {gid}"
    return found[0]


def texts(figure: Figure) -> dict[str, str]:
    return {text.get_gid(): text.get_text() for text in figure.texts if text.get_gid()}


@pytest.mark.parametrize("name", PANELS_OF)
def test_a_panel_is_laid_out_as_in_the_paper(name: str) -> None:
    figure = make(name, tables_like(name))
    assert len(figure.axes) == len(PANELS_OF[name])
    for axes, panel in zip(figure.axes, (PANELS[p] for p in PANELS_OF[name]), strict=True):
        assert axes.get_xlim() == pytest.approx(panel.x_limits)
        assert axes.get_ylim() == pytest.approx(panel.y_limits)
        assert axes.get_yscale() == ("log" if panel.log_y else "linear")
        assert (axes.get_xlabel(), axes.get_ylabel()) == (panel.x_label, panel.y_label)
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [*panel.series, *panel.extra]
        for series, colour in COLOURS[name].items():
            for gid in (f"ours:{series}", f"paper:{series}"):
                assert to_rgb(line(axes, gid).get_color()) == to_rgb(colour)


@pytest.mark.parametrize("name", PANELS_OF)
def test_the_papers_curve_is_behind_ours_thin_and_dashed(name: str) -> None:
    figure = make(name, tables_like(name))
    for axes, panel in zip(figure.axes, PANELS_OF[name], strict=True):
        reference = read_reference(panel)
        for series in PANELS[panel].series:
            paper, ours = line(axes, f"paper:{series}"), line(axes, f"ours:{series}")
            points = reference[reference["series"] == series]
            np.testing.assert_array_equal(paper.get_ydata(), points["y"])
            assert (paper.get_linestyle(), ours.get_linestyle()) == ("--", "-")
            assert paper.get_linewidth() < ours.get_linewidth()
            assert paper.get_zorder() < ours.get_zorder()


def test_our_curve_is_the_mean_and_range_of_the_confirmation_seeds() -> None:
    tables = tables_like("fig1a", noise=0.02)
    axes = make("fig1a", tables, Role.TUNED).axes[0]
    runs = [f"Adam-3-{seed}" for seed in (1, 2, 3)]
    costs = tables.curves.pivot(index="epoch", columns="run_id", values="train_cost")[runs][1:]
    drawn = line(axes, "ours:Adam")
    np.testing.assert_array_equal(drawn.get_xdata(), np.arange(46))
    np.testing.assert_allclose(drawn.get_ydata(), costs.mean(axis=1))
    band = next(c for c in axes.collections if c.get_gid() == "range:Adam")
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(costs.max(axis=None))
    assert heights.min() == pytest.approx(costs.min(axis=None))


def test_recovered_and_tuned_differ() -> None:
    tables = tables_like("fig1a")
    ends = [line(make("fig1a", tables, role).axes[0], "ours:Adam").get_ydata()[-1] for role in Role]
    assert ends[0] == pytest.approx(0.2571, rel=0.02)
    assert ends[1] == pytest.approx(0.93 * 0.2571, rel=0.02)


def test_a_diverged_curve_leaves_the_panel() -> None:
    tables = tables_like("fig1a", grid=((10.0, np.inf),), confirm=())
    axes = make("fig1a", tables).axes[0]
    drawn = line(axes, "ours:Adam")
    assert np.isfinite(drawn.get_ydata()).all()
    assert drawn.get_ydata()[-1] > 10 * axes.get_ylim()[1]
    assert list(drawn.get_xdata()) == [0, 1], "it leaves in the pass in which it diverged"
    assert "Adam \N{DOUBLE DAGGER}" in [t.get_text() for t in axes.get_legend().get_texts()]


def test_one_diverged_seed_is_not_dropped() -> None:
    tables = tables_like("fig3")
    one = tables.runs["run_id"] == "Adam-1-2"
    tables.runs.loc[one, ["status", "diverged_epoch"]] = ["diverged", 9]
    gone = tables.curves["run_id"].eq("Adam-1-2") & (tables.curves["epoch"] >= 9)
    figure = make("fig3", Tables(tables.runs, tables.curves[~gone]))
    drawn = line(figure.axes[1], "ours:Adam")
    x, y = drawn.get_xdata(), drawn.get_ydata()
    assert (y[x < 9] < 10).all()
    assert (y[x >= 9] > figure.axes[1].get_ylim()[1]).all()
    assert "Adam (1 of 3)" in texts(figure)["footnote"]


def test_note_says_what_was_run_and_cut() -> None:
    config = {"dataset.name": "cifar10", "dataset.examples": 5000}
    tables = tables_like("fig3", epochs=3, source="mirror", config=config)
    note = texts(make("fig3", tables, budget="quick"))["note"]
    for words in ("quick", "MIRROR", "5,000 of 50,000", "3 of 45 passes", "3 confirmation seeds"):
        assert words in note
    whole = texts(make("fig3", tables_like("fig3"), budget="full"))["note"]
    for words in ("canonical", "examples", " of 45 passes"):
        assert words not in whole


def test_a_budget_that_ends_early_has_a_panel_of_its_own() -> None:
    whole, cut = make("fig2a", tables_like("fig2a", epochs=21), budget="medium").axes
    assert whole.get_xlim() == (0, 200)
    assert cut.get_xlim() == (0, 20)
    low, high = cut.get_ylim()
    shown = line(cut, "ours:Adam").get_ydata()[-1]
    assert whole.get_ylim()[0] < low < shown < high == whole.get_ylim()[1]
    assert cut.get_legend() is None
    assert "first 20 of 200" in cut.get_title()
    # Figure 3 has a panel of its beginning anyway, and half of a panel is enough to see
    assert len(make("fig3", tables_like("fig3", epochs=3)).axes) == 2
    assert len(make("fig2a", tables_like("fig2a", epochs=100)).axes) == 1


def test_note_tells_grid_seeds_from_confirmation_seeds() -> None:
    note = texts(make("fig1a", tables_like("fig1a", confirm=())))["note"]
    assert "1 grid seed " in note
    assert "grid: 5 settings" in note


def test_edge_of_the_grid_is_marked() -> None:
    figure = make("fig1a", tables_like("fig1a", grid=((1.0, 1.0), (3.0, 0.93), (10.0, 1.4))))
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == [f"{name} \N{DAGGER}" for name in PANELS["fig1a"].series]
    assert "Adam (alpha)" in texts(figure)["footnote"]


def test_figure_2b_measures_wall_time_in_passes_of_adam() -> None:
    tables = tables_like("fig2b")
    passes = tables.runs["training.epochs"]
    tables.runs["seconds"] = passes * tables.runs["series"].map({"SFO": 8.0, "Adam": 2.0})
    lower = make("fig2b", tables).axes[1]
    measured, papers = (found for found in lower.lines if found.get_gid() == "ours:SFO")
    np.testing.assert_allclose(measured.get_xdata(), 4.0 * np.arange(26))
    np.testing.assert_allclose(papers.get_xdata(), 5.0 * np.arange(26))
    np.testing.assert_allclose(line(lower, "ours:Adam").get_xdata(), np.arange(26))


def test_figure_2b_draws_the_papers_adam_as_plotted_and_undone() -> None:
    for axes in make("fig2b", tables_like("fig2b")).axes:
        ends = {found.get_ydata()[-1] for found in axes.lines if found.get_gid() == "paper:Adam"}
        assert len(ends) == 2
        assert max(ends) == pytest.approx(2.4e-4)


def test_curves_without_dropout_share_the_colour_and_are_dotted() -> None:
    axes = make("fig1b", tables_like("fig1b")).axes[0]
    plain, noisy = line(axes, "ours:Adam"), line(axes, "ours:Adam+dropout")
    assert plain.get_color() == noisy.get_color()
    assert (plain.get_linestyle(), noisy.get_linestyle()) == (":", "-")


def test_an_optimizer_of_ones_own_is_drawn_too() -> None:
    tables = tables_like("fig1a")
    mine = tables.runs["series"] == "AdaGrad"
    tables.runs.loc[mine, "series"] = "Mine"
    axes = make("fig1a", tables).axes[0]
    assert to_rgb(line(axes, "ours:Mine").get_color()) == to_rgb("k")
    assert line(axes, "paper:AdaGrad").get_color() == "b"


def figure_4(tables: Tables) -> Figure:
    with style.styled():
        return FIGURES["fig4"](tables, read_references(), budget="full")


def test_figure_4_has_two_blocks_of_two_by_three_panels() -> None:
    figure = figure_4(figure_4_tables())
    assert len(figure.axes) == 12
    for axes in figure.axes:
        assert axes.get_xlim() == (-5, -1)
        assert axes.get_ylim() == (95, 140)
    titles = [text.get_text() for text in figure.texts]
    assert {"(a) after 10 epochs", "(b) after 100 epochs"} <= set(titles)


def test_figure_4_panels_hold_their_own_points() -> None:
    figure = figure_4(figure_4_tables(shift=0.5))
    default = figure.axes[6 + 3 + 1]  # block b, beta1 = 0.9, beta2 = 0.999
    red, green = line(default, "ours:corrected"), line(default, "ours:uncorrected")
    assert (to_rgb(red.get_color()), to_rgb(green.get_color())) == (to_rgb("r"), to_rgb("g"))
    place = list(np.round(red.get_xdata(), 3)).index(-3.0)
    assert red.get_ydata()[place] == pytest.approx(99.24 + 0.5, abs=0.01)
    crosses = line(default, "paper:uncorrected")
    assert crosses.get_marker() == "x"
    assert min(crosses.get_ydata()) == pytest.approx(98.68, abs=0.01)


def test_figure_4_diverged_runs_leave_at_the_cap() -> None:
    figure = figure_4(figure_4_tables())
    for axes in figure.axes:
        for series in ("corrected", "uncorrected"):
            drawn = line(axes, f"ours:{series}")
            assert len(drawn.get_xdata()) == 7, "no grid point is dropped"
            assert max(drawn.get_ydata()) >= 200
    assert max(line(figure.axes[0], "ours:corrected").get_ydata()) == 400


@pytest.mark.parametrize(("last", "blocks"), [(3, 1), (10, 1), (40, 2)])
def test_figure_4_of_a_cut_budget_shows_its_last_epoch(last: int, blocks: int) -> None:
    figure = figure_4(figure_4_tables(last=last))
    assert len(figure.axes) == 6 * blocks
    titles = " ".join(text.get_text() for text in figure.texts)
    assert f"after {last} epochs" in titles
    assert f"{last} of 100 passes" in texts(figure)["note"]


@pytest.mark.parametrize("name", FIGURES)
def test_words_stay_inside_the_figure_and_off_each_other(name: str) -> None:
    config = {"dataset.examples": 4000}
    grid = ((1.0, 1.0), (3.0, 0.93), (10.0, np.inf))
    if name == "fig4":
        figure = figure_4(figure_4_tables(last=40, source="stand-in", seeds=(0, 1)))
    else:
        tables = tables_like(name, grid=grid, source="stand-in", config=config, epochs=20)
        tables.runs["optimizer.momentum"] = 100 * tables.runs["optimizer.alpha"]
        figure = make(name, tables)
    with style.styled():
        figure.draw_without_rendering()
    page = figure.bbox
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    for box in boxes:
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
    frames = [axes.get_tightbbox() for axes in figure.axes]
    for place, box in enumerate(boxes):
        for other in [*boxes[:place], *frames]:
            assert not box.overlaps(other), "two texts, or a text and a panel, overlap"
