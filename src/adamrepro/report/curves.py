"""The figures of curves: panels of cost against passes, ours on the paper's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from adamrepro.figures import style
from adamrepro.figures.book import CurveFigure
from adamrepro.figures.curves import Contents, References, Shown
from adamrepro.figures.lines import Curve, as_plotted, band, distance
from adamrepro.report import plot
from adamrepro.report.plot import Entry, Group, Plot, Section, Trace, numbers
from adamrepro.report.tables import Table, number
from adamrepro.results.panel import CurvePanel
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection, hyper_parameters
from adamrepro.results.summary import describe

SELECTIONS = {
    Selection.RECOVERED: "recovered: the setting nearest the paper's curve",
    Selection.TUNED: "tuned: the setting with the lowest cost",
}
READ_AT = 5
"""Places along x at which the table has values."""


def section(
    name: str, figure: CurveFigure, tables: Tables, references: References, budget: str
) -> Section:
    """A figure of the page, once for each choice of runs."""
    groups, notes, title = {}, {}, ""
    families = {str(series): rows for series, rows in tables.runs.groupby("series")}
    for selection, words in SELECTIONS.items():
        contents = figure.contents(tables, references, budget=budget, selection=selection)
        title = contents.title.partition(",")[0]
        groups[words] = [
            group(f"{name}-{selection}-{place}", contents, shown, families)
            for place, shown in enumerate(contents.shown)
        ]
        notes[words] = contents.caption
    return Section(name, title, groups, notes)


def group(
    identity: str, contents: Contents, shown: Shown, families: Mapping[str, pd.DataFrame]
) -> Group:
    """A panel with its key and the table of its values."""
    panel, names = shown.panel, [curve.series for curve in shown.curves]
    found = style.colours(panel.series, names)
    colours = {series: plot.colour_of(name) for series, name in found.items()}
    bands = {curve.series: band(panel, curve, contents.costs) for curve in shown.curves}
    words = {
        curve.series: shown.beside.get(curve.series)
        or distance(curve, panel, contents.costs, shown.reference)
        for curve in shown.curves
    }
    traces: list[Trace] = list(_paper(shown, colours))
    for curve in shown.curves:
        traces += _ours(curve, bands[curve.series], colours[curve.series])
    listed = "; ".join(f"{name} {told}".rstrip() for name, told in words.items())
    label = (
        f"{contents.title}: {panel.y_label} against {panel.x_label}, of {', '.join(names)}. "
        f"Distance from the paper: {listed}. The values are in the table below."
    )
    x, y = (
        plot.axis(panel.x_label, panel.x_limits),
        plot.axis(panel.y_label, panel.y_limits, log=panel.log_y),
    )
    key = [
        Entry(curve.series, curve.name, colours[curve.series], words[curve.series])
        for curve in shown.curves
    ]
    drawn = Plot(identity, panel.title, label, traces, plot.layout(x, y, unified=True))
    return Group([drawn], key, _table(shown, bands, words, families))


def _ours(curve: Curve, drawn: pd.DataFrame, colour: str) -> Iterator[Trace]:
    """Mean over the seeds as a line, their range as a band."""
    drawn = plot.thinned(drawn)
    x, name = numbers(drawn.index), plot.plain(curve.series)
    edges = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    several = len(curve.runs) > 1
    if several:
        about = {"meta": {"kind": "range", "series": curve.series}}
        yield {**edges, **about, "y": numbers(drawn["low"])}
        fill = {"fill": "tonexty", "fillcolor": plot.faint(colour)}
        yield {**edges, **about, **fill, "y": numbers(drawn["high"])}
    ends = [numbers(drawn[end]) for end in ("low", "high")]
    yield {
        "x": x,
        "y": numbers(drawn["mean"]),
        "customdata": [list(pair) for pair in zip(*ends, strict=True)] if several else None,
        "mode": "lines",
        "line": {"color": colour, "width": 2},
        "name": name,
        "hovertemplate": "%{y:.4g}"
        + (" (%{customdata[0]:.4g} to %{customdata[1]:.4g})" if several else "")
        + f"<extra>{name}</extra>",
        "meta": {"kind": "ours", "series": curve.series},
    }


def _paper(shown: Shown, colours: Mapping[str, str]) -> Iterator[Trace]:
    """The paper's curves, dashed; dotted, as it plotted them, where it compares with another."""
    panel = shown.panel
    for series, line in shown.reference.groupby("series", sort=False):
        for kind, column, dash, points in (
            ("paper", panel.y_reference, "dash", line),
            ("plotted", "y", "dot", as_plotted(panel, line)),
        ):
            points = plot.thinned(points)
            if len(points):
                name = f"{plot.plain(series)}, paper" + (" as plotted" if kind == "plotted" else "")
                yield {
                    "x": numbers(points["x"]),
                    "y": numbers(points[column]),
                    "mode": "lines",
                    "line": {"color": colours[str(series)], "width": 1.2, "dash": dash},
                    "name": name,
                    "hovertemplate": f"%{{y:.4g}}<extra>{name}</extra>",
                    "meta": {"kind": kind, "series": str(series)},
                }


def _table(
    shown: Shown,
    bands: Mapping[str, pd.DataFrame],
    words: Mapping[str, str],
    families: Mapping[str, pd.DataFrame],
) -> Table:
    """A row per series: its setting, its seeds, its distance, and ours (paper's) at some x."""
    places = read_at(shown.panel, bands)
    columns = ["series", "setting", "seeds", "from the paper"]
    columns += [f"ours (paper) at {place:g}" for place in places]
    rows = []
    for curve in shown.curves:
        paper = shown.reference[shown.reference["series"] == curve.series].set_index("x")
        theirs = paper[shown.panel.y_reference] if len(paper) else pd.Series(dtype=float)
        first = curve.runs.iloc[0]
        cells = [
            curve.name,
            describe(first, hyper_parameters(families[curve.series])),
            f"{len(curve.runs)} {first['role']}",
            words[curve.series],
        ]
        for place in places:
            ours = number(bands[curve.series]["mean"].get(place))
            beside = number(theirs.get(place))
            cells.append(f"{ours} ({beside})" if beside else ours)
        rows.append(cells)
    return Table(columns, rows)


def read_at(panel: CurvePanel, bands: Mapping[str, pd.DataFrame]) -> list[float]:
    """Some x in the frame at which any of our curves has a point, from the first to the last."""
    known = sorted({float(x) for drawn in bands.values() for x in drawn.index})
    known = [x for x in known if panel.x_limits[0] <= x <= panel.x_limits[1]]
    if len(known) <= READ_AT:
        return known
    return [known[round(place)] for place in np.linspace(0, len(known) - 1, READ_AT)]
