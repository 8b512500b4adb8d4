import numpy as np
import pytest
from drawn import aside, caption, line, make, texts, usual
from matplotlib.colors import to_rgb

from adamrepro.figures import FIGURES, Style, style
from adamrepro.results.reference import CURVE_PANELS, read_reference, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection
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


def timed(factor: float) -> Tables:
    """Tables of Figure 2b in which a pass of SFO takes `factor` passes of Adam."""
    tables = tables_like("fig2b")
    sfo = tables.runs["series"] == "SFO"
    tables.runs["cpu_seconds"] = tables.runs["training.epochs"] * np.where(sfo, factor, 1.0)
    return tables


@pytest.mark.parametrize("name", PANELS_OF)
def test_a_panel_is_laid_out_as_in_the_paper(name: str) -> None:
    figure = make(name, timed(5.0)) if name == "fig2b" else usual(name)
    panels = [CURVE_PANELS[panel] for panel in PANELS_OF[name]]
    assert len(figure.axes) == len(panels) + (name in ("fig1b", "fig2b"))
    for axes, panel in zip(figure.axes, panels, strict=False):
        assert axes.get_xlim() == pytest.approx(panel.x_limits)
        assert axes.get_ylim() == pytest.approx(panel.y_limits)
        assert axes.get_yscale() == ("log" if panel.log_y else "linear")
        assert (axes.get_xlabel(), axes.get_ylabel()) == (panel.x_label, panel.y_label)
        for series, colour in COLOURS[name].items():
            for gid in (f"ours:{series}", f"paper:{series}"):
                assert to_rgb(line(axes, gid).get_color()) == to_rgb(colour)


@pytest.mark.parametrize("name", ["fig1a", "fig1b", "fig2a", "fig3"])
def test_the_legend_has_every_series_with_its_distance_and_the_paper_once(name: str) -> None:
    figure = usual(name)
    for axes, panel in zip(figure.axes, PANELS_OF[name], strict=False):
        *ours, paper = texts(axes)
        assert paper == "paper, dashed"
        assert [label.split("  ")[0] for label in ours] == list(CURVE_PANELS[panel].series)
        distances = [label.split("  ")[1].split() for label in ours]
        assert {unit for _, unit in distances} == {"dex"}
        assert max(float(dex) for dex, _ in distances) < 0.1


def test_the_legends_distance_is_the_mean_over_the_drawn_seeds() -> None:
    legend = texts(usual("fig1a", Selection.TUNED).axes[0])
    assert "Adam  0.031 dex" in legend, "-log10(0.93)"


def test_the_legend_covers_no_curve() -> None:
    figure = usual("fig3")
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert not axes.get_legend().get_window_extent().overlaps(axes.bbox)


@pytest.mark.parametrize("name", PANELS_OF)
def test_the_papers_curve_is_behind_ours_thin_and_dashed(name: str) -> None:
    figure = usual(name)
    for axes, panel in zip(figure.axes, PANELS_OF[name], strict=False):
        reference = read_reference(panel)
        for series in CURVE_PANELS[panel].series:
            paper, ours = line(axes, f"paper:{series}"), line(axes, f"ours:{series}")
            points = reference[reference["series"] == series]
            shown = points[CURVE_PANELS[panel].y_reference]
            np.testing.assert_array_equal(paper.get_ydata(), shown)
            assert (paper.get_linestyle(), ours.get_linestyle()) == ("--", "-")
            assert paper.get_linewidth() < ours.get_linewidth()
            assert paper.get_zorder() < ours.get_zorder()


def test_our_curve_is_the_mean_and_range_of_the_confirmation_seeds() -> None:
    tables = tables_like("fig1a", noise=0.02)
    axes = make("fig1a", tables, Selection.TUNED).axes[0]
    runs = [f"Adam-3-{seed}" for seed in (1, 2, 3)]
    costs = tables.curves.pivot(index="epoch", columns="run_id", values="train_cost")[runs][1:]
    drawn = line(axes, "ours:Adam")
    np.testing.assert_array_equal(drawn.get_xdata(), np.arange(46))
    np.testing.assert_allclose(drawn.get_ydata(), costs.mean(axis=1))
    band = next(c for c in axes.collections if c.get_gid() == "range:Adam")
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(costs.max(axis=None))
    assert heights.min() == pytest.approx(costs.min(axis=None))


@pytest.mark.parametrize(("name", "end"), [("fig1a", 0.2571), ("fig2b", 2.4e-4)])
def test_recovered_and_tuned_differ(name: str, end: float) -> None:
    pages = [usual(name, selection) for selection in Selection]
    ends = [line(page.axes[0], "ours:Adam").get_ydata()[-1] for page in pages]
    assert ends == pytest.approx([end, 0.93 * end], rel=0.02)
    assert [page.texts[0].get_text().split(", ")[1] for page in pages] == ["recovered", "tuned"]


def test_a_diverged_curve_leaves_the_panel() -> None:
    tables = tables_like("fig1a", grid=((10.0, np.inf),), confirm=())
    axes = make("fig1a", tables).axes[0]
    drawn = line(axes, "ours:Adam")
    assert np.isfinite(drawn.get_ydata()).all()
    assert drawn.get_ydata()[-1] > 10 * axes.get_ylim()[1]
    assert list(drawn.get_xdata()) == [0, 1], "it leaves in the pass in which it diverged"
    assert "Adam \N{DAGGER}\N{DOUBLE DAGGER}  diverged" in texts(axes)


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
    assert "Adam (1 of 3)" in caption(figure)


def test_the_caption_says_what_was_run_and_cut() -> None:
    config = {"dataset.name": "cifar10", "dataset.examples": 5000}
    tables = tables_like("fig3", epochs=3, source="mirror", config=config)
    words = caption(make("fig3", tables, budget="quick"))
    for word in ("quick", "MIRROR", "5,000 of 50,000", "3 of 45 passes", "3 confirmation seeds"):
        assert word in words
    tables.runs["data_sha"] = "bc97fe8870d27724622d"
    assert "not the canonical files; its images went through JPEG;" in caption(make("fig3", tables))
    whole = caption(usual("fig3"))
    for word in ("canonical", "examples", " of 45 passes", "Not drawn"):
        assert word not in whole


def test_the_caption_tells_grid_seeds_from_confirmation_seeds() -> None:
    words = caption(make("fig1a", tables_like("fig1a", confirm=())))
    assert "1 grid seed;" in words
    assert "of 5 settings" in words
    tables = tables_like("fig1a")
    confirmed = tables.runs["series"].eq("Adam") & tables.runs["role"].eq("confirm")
    words = caption(make("fig1a", Tables(tables.runs[~confirmed], tables.curves)))
    assert "On the seed that chose the setting: Adam." in words


def test_runs_of_other_models_among_those_compared_are_told() -> None:
    tables = tables_like("fig1a")
    assert "more than the optimizer" not in caption(make("fig1a", tables))
    models = ["mlp", *["logistic"] * (len(tables.runs) - 1)]
    runs = tables.runs.assign(**{"model.name": models})
    first = tables.runs["series"].iloc[0]
    words = caption(make("fig1a", Tables(runs, tables.curves)))
    assert f"differ in more than the optimizer were compared: {first}: model.name." in words


def test_a_panel_in_which_nothing_of_ours_can_be_seen_is_left_out_and_named() -> None:
    figure = make("fig3", tables_like("fig3", epochs=3))
    assert [axes.get_xlim() for axes in figure.axes] == [(0, 3)]
    assert "CIFAR10 ConvNet up to 45" in caption(figure)


def test_a_budget_that_ends_early_has_a_panel_of_its_own() -> None:
    figure = make("fig2a", tables_like("fig2a", epochs=31), budget="medium")
    whole, cut = figure.axes
    assert whole.get_xlim() == (0, 200)
    assert cut.get_xlim() == (0, 30)
    low, high = cut.get_ylim()
    drawn = line(cut, "ours:Adam").get_ydata()
    assert whole.get_ylim()[0] < low < drawn[-1]
    assert high > drawn[1]
    assert "the first 30 of 200" in cut.get_xlabel()
    alone = make("fig2a", tables_like("fig2a", epochs=8), budget="quick")
    assert [axes.get_xlim() for axes in alone.axes] == [(0, 7)]
    assert "the first 7 of 200" in alone.axes[0].get_xlabel()
    assert "Not drawn" not in caption(alone)
    # half of a panel is enough to see
    assert len(make("fig2a", tables_like("fig2a", epochs=100)).axes) == 1


def test_curves_that_are_nowhere_in_the_frame_still_make_a_figure() -> None:
    figure = make("fig2a", tables_like("fig2a", epochs=2))
    assert [axes.get_xlim() for axes in figure.axes] == [(0, 200)]


def test_edge_of_the_grid_is_marked() -> None:
    figure = make("fig1a", tables_like("fig1a", grid=((1.0, 1.0), (3.0, 0.93), (10.0, 1.4))))
    series = CURVE_PANELS["fig1a"].series
    for label, name in zip(texts(figure.axes[0]), series, strict=False):
        assert label.startswith(f"{name} \N{DAGGER}")
    assert "alpha of every curve" in caption(figure)


def test_a_grid_of_one_setting_is_marked_too() -> None:
    figure = make("fig1a", tables_like("fig1a", grid=((1.0, 1.0),)))
    assert texts(figure.axes[0])[0].startswith("AdaGrad \N{DAGGER}")
    assert "only setting of every curve" in caption(figure)


def test_figure_2b_measures_wall_time_in_passes_of_adam() -> None:
    lower = make("fig2b", timed(4.0)).axes[1]
    np.testing.assert_allclose(line(lower, "ours:SFO").get_xdata(), 4.0 * np.arange(26))
    np.testing.assert_allclose(line(lower, "ours:Adam").get_xdata(), np.arange(26))
    assert texts(lower)[0] == "SFO  a pass is 4"


@pytest.mark.parametrize("series", ["SFO", "Adam"])
def test_figure_2b_without_measured_times_has_no_panel_of_them(series: str) -> None:
    tables = timed(5.0)
    tables.runs.loc[tables.runs["series"] == series, "cpu_seconds"] = 0.0
    figure = make("fig2b", tables)
    assert len(figure.axes) == 2
    assert "Wall time: left out" in caption(figure)


def test_figure_2b_draws_the_papers_adam_as_plotted_and_undone() -> None:
    for axes in usual("fig2b").axes[:2]:
        plotted, undone = line(axes, "plotted:Adam"), line(axes, "paper:Adam")
        assert undone.get_ydata()[-1] == pytest.approx(2.4e-4)
        assert plotted.get_ydata()[-1] == pytest.approx(5.8e-6, rel=0.01)
        assert (plotted.get_linestyle(), undone.get_linestyle()) == (":", "--")
        assert "paper's Adam as plotted" in texts(axes)


@pytest.mark.parametrize("name", ["fig1b", "fig2b"])
def test_what_the_paper_only_speaks_of_has_a_panel_of_its_own(name: str) -> None:
    figure = usual(name)
    main, other = figure.axes[0], aside(figure)
    extra = CURVE_PANELS[PANELS_OF[name][0]].extra
    assert texts(other) == list(extra), "nothing of the paper's is there"
    for series in extra:
        assert line(other, f"ours:{series}").get_linestyle() == "-"
        kin = f"{series}+dropout" if name == "fig1b" else series.removesuffix("+dropout")
        assert line(other, f"ours:{series}").get_color() == line(main, f"ours:{kin}").get_color()
        assert not [found for found in main.lines if found.get_gid() == f"ours:{series}"]
    low, high = other.get_ylim()
    ends = [found.get_ydata()[-1] for found in other.lines]
    assert low < min(ends) < max(ends) < high


def test_an_optimizer_of_ones_own_is_drawn_too() -> None:
    tables = tables_like("fig1a")
    mine = tables.runs["series"] == "AdaGrad"
    tables.runs.loc[mine, "series"] = "Mine"
    axes = make("fig1a", tables).axes[0]
    assert to_rgb(line(axes, "ours:Mine").get_color()) == to_rgb("k")
    assert line(axes, "paper:AdaGrad").get_color() == "b"
    assert texts(axes)[-3:] == ["Mine  not in the paper", "paper's AdaGrad", "paper, dashed"]


def test_a_curve_of_the_papers_without_one_of_ours_is_in_the_legend() -> None:
    tables = tables_like("fig3")
    runs = tables.runs[tables.runs["series"].isin(["AdaGrad", "Adam"])]
    axes = make("fig3", Tables(runs, tables.curves)).axes[0]
    lines = {drawn.get_label(): drawn for drawn in axes.get_legend().get_lines()}
    series = CURVE_PANELS["fig3_left"].series
    alone = [f"paper's {name}" for name in series if name not in ("AdaGrad", "Adam")]
    assert list(lines)[2:] == [*alone, "paper, dashed"]
    for label in alone:
        drawn = line(axes, label.replace("paper's ", "paper:"))
        assert lines[label].get_color() == drawn.get_color()
        assert lines[label].get_linestyle() == "--"


def test_a_curve_of_which_the_papers_frame_shows_nothing_in_reach_says_so() -> None:
    figure = make("fig2a", tables_like("fig2a", epochs=4))
    labels = texts(figure.axes[0])
    assert "SGDNesterov  none in frame" in [label.replace(" \N{DAGGER}", "") for label in labels]
    assert "None in frame: nothing of ours where the paper shows its curve" in caption(figure)
    assert "None in frame" not in caption(usual("fig2a"))


def test_colours_for_the_colour_blind_differ_from_the_papers_and_from_each_other() -> None:
    with style.styled(Style.COLOUR_BLIND):
        figure = FIGURES["fig3"].pages(tables_like("fig3"), read_references(), "full")[""]
    found = {to_rgb(line(figure.axes[0], f"ours:{s}").get_color()) for s in COLOURS["fig3"]}
    assert len(found) == len(COLOURS["fig3"])
    assert not found & {to_rgb(colour) for colour in COLOURS["fig3"].values()}


@pytest.mark.parametrize("name", FIGURES)
def test_words_stay_inside_the_figure_and_off_each_other(name: str) -> None:
    config = {"dataset.examples": 4000}
    grid = ((1.0, 1.0), (3.0, 0.93), (10.0, np.inf))
    if name == "fig4":
        tables = figure_4_tables(last=40, source="stand-in", seeds=(0, 1))
    else:
        tables = tables_like(name, grid=grid, source="stand-in", config=config, epochs=20)
        tables.runs["optimizer.momentum"] = 100 * tables.runs["optimizer.alpha"]
    figure = make(name, tables)
    with style.styled():
        figure.draw_without_rendering()
    page = figure.bbox
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    frames = [axes.get_tightbbox() for axes in figure.axes]
    for box in [*boxes, *frames]:
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
    for place, box in enumerate(boxes):
        for other in [*boxes[:place], *frames]:
            assert not box.overlaps(other), "two texts, or a text and a panel, overlap"
