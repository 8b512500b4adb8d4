"""Figure 4: loss against step size, a small plot for each beta1 and beta2."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from adamrepro.figures.book import GridFigure
from adamrepro.figures.curves import References
from adamrepro.figures.fig4 import GridContents
from adamrepro.figures.grid import CELLS, Cell, Epochs, is_at, label
from adamrepro.report import plot
from adamrepro.report.plot import Entry, Group, Plot, Section, Trace, numbers
from adamrepro.report.tables import Table, number
from adamrepro.results.reference import FIGURE_4
from adamrepro.results.schema import Tables


def section(
    name: str, figure: GridFigure, tables: Tables, references: References, budget: str
) -> Section:
    """The figure of the page: nothing is selected, every grid point is there."""
    contents = figure.contents(tables, references, budget=budget)
    groups = [group(name, contents, part) for part in contents.parts]
    words = "every grid point"
    return Section(name, contents.title, {words: groups}, {words: contents.caption})


def group(name: str, contents: GridContents, part: Epochs) -> Group:
    """The plots of one of the paper's epochs, with one key."""
    summary = contents.summary[contents.summary["epochs"] == part.shown]
    nats = summary.set_index("series")["median_nats"].to_dict()
    colours = {s: plot.colour_of(c) for s, c in part.colours.items()}
    key = [
        Entry(s, label(s), colours[s], f"{nats[s]:.2f} nats" if s in nats else "") for s in colours
    ]
    title = f"after {part.shown} epochs"
    title += "" if part.shown == part.asked else f" (the paper: {part.asked})"
    plots = [_plot(name, contents, part, cell, colours) for cell in part.cells() or CELLS]
    return Group(plots, key, _table(part), title)


def _plot(
    name: str, contents: GridContents, part: Epochs, cell: Cell, colours: dict[str, str]
) -> Plot:
    at = f"\N{GREEK SMALL LETTER BETA}\N{SUBSCRIPT ONE} = {cell[0]:g}, "
    at += f"\N{GREEK SMALL LETTER BETA}\N{SUBSCRIPT TWO} = {cell[1]:g}"
    traces: list[Trace] = []
    best = []
    for series, colour in colours.items():
        paper = _of(part.paper, cell, series)
        traces.append(_line(paper["alpha"], paper["loss"], series, colour, "paper"))
        ours = _of(part.ours, cell, series)
        traces += _ours(ours, series, colour)
        if len(ours):
            lowest = ours.sort_values("ours").iloc[0]
            theirs = number(lowest["paper"])
            best.append(
                f"{label(series)} {number(lowest['ours'])} at alpha {lowest['alpha']:g}"
                + (f" (paper {theirs})" if theirs else "")
            )
    words = (
        f"{contents.title}: loss in nats against the step size alpha, {at}, after "
        f"{part.shown} epochs. Lowest of ours: {'; '.join(best) or 'none'}. "
        "The values are in the table below."
    )
    ends = (10 ** FIGURE_4.x_limits[0], 10 ** FIGURE_4.x_limits[1])
    x = plot.axis("alpha", ends, log=True)
    y = plot.axis(FIGURE_4.y_label, FIGURE_4.y_limits)
    identity = f"{name}-{part.shown}-{cell[0]:g}-{cell[1]:g}".replace(".", "_")
    return Plot(identity, at, words, traces, plot.layout(x, y, height=250))


def _of(points: pd.DataFrame, cell: Cell, series: str) -> pd.DataFrame:
    return points[points["series"].eq(series) & is_at(points, cell)].sort_values("alpha")


def _ours(points: pd.DataFrame, series: str, colour: str) -> Iterator[Trace]:
    if (points["seeds"] > 1).any():
        edge: Trace = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        edge |= {"x": numbers(points["alpha"]), "meta": {"kind": "range", "series": series}}
        yield {**edge, "y": numbers(points["lowest"])}
        fill = {"fill": "tonexty", "fillcolor": plot.faint(colour)}
        yield {**edge, **fill, "y": numbers(points["highest"])}
    yield _line(points["alpha"], points["ours"], series, colour, "ours")


def _line(alpha: pd.Series, loss: pd.Series, series: str, colour: str, kind: str) -> Trace:
    is_ours = kind == "ours"
    name = label(series) + ("" if is_ours else ", paper")
    return {
        "x": numbers(alpha),
        "y": numbers(loss),
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2 if is_ours else 1.2}
        | ({} if is_ours else {"dash": "dash"}),
        "marker": {"color": colour, "size": 6, "symbol": "circle" if is_ours else "x-thin-open"},
        "name": name,
        "hovertemplate": f"alpha %{{x:g}}: %{{y:.5g}} nats<extra>{name}</extra>",
        "meta": {"kind": kind, "series": series},
    }


def _table(part: Epochs) -> Table:
    columns = ["correction", "beta1", "beta2", "alpha", "ours", "range", "seeds", "paper", "apart"]
    rows = []
    for row in part.ours.sort_values(["beta1", "beta2", "alpha", "series"]).to_dict("records"):
        ours, several = row["ours"], row["seeds"] > 1
        apart = "both diverged" if row["diverged"] == "both" else number(row["nats"], 3)
        spread = f"{number(row['lowest'], 5)} to {number(row['highest'], 5)}" if several else ""
        cells = [label(str(row["series"])), *(f"{row[k]:g}" for k in ("beta1", "beta2", "alpha"))]
        ends = [str(row["seeds"]), number(row["paper"], 5), apart]
        rows.append([*cells, number(ours, 5), spread, *ends])
    return Table(columns, rows)
