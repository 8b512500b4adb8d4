"""A panel of cost against passes: our curves with a band, the paper's dashed behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from adamrepro.figures.notes import DIVERGED_MARK, EDGE_MARK
from adamrepro.figures.style import NOTE_COLOUR, PAPER_LINE, colours
from adamrepro.results.fidelity import distances, plotted
from adamrepro.results.kinds import Status
from adamrepro.results.panel import CurvePanel
from adamrepro.results.schema import Tables
from adamrepro.results.select import Choice, Selection, choose, drawn_runs

# The legend: its columns, and inches from the frame to it.
_COLUMNS, _BELOW = 2, 0.42

NONE = "none in frame"
"""What stands in place of a distance where the paper's frame shows no point that ours has."""


@dataclass(frozen=True)
class Curve:
    """What stands for one series: the choice and the runs that are drawn for it."""

    choice: Choice
    runs: pd.DataFrame

    @property
    def series(self) -> str:
        """The series that it stands for."""
        return self.choice.series

    @property
    def name(self) -> str:
        """The series, with the marks that the caption explains."""
        edge = EDGE_MARK if self.choice.at_edge else ""
        gone = DIVERGED_MARK if (self.runs["status"] == Status.DIVERGED).any() else ""
        return f"{self.series} {edge}{gone}".rstrip()


def curves_of(
    tables: Tables, panel: CurvePanel, reference: pd.DataFrame, selection: Selection
) -> list[Curve]:
    """The curves of one selection, in the order of the legend."""
    choices = choose(tables.runs, tables.curves, panel, reference)
    return [Curve(c, drawn_runs(tables.runs, c)) for c in choices if c.selection == selection]


def draw(
    axes: Axes,
    panel: CurvePanel,
    found: Sequence[Curve],
    costs: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    beside: Mapping[str, str] | None = None,
) -> None:
    """Set up the axes as the paper's, draw its curves, ours on top, and the legend below.

    `costs` is the table of curves. The legend has each curve's distance from the paper's, or what
    `beside` says of its series. Lines carry a gid: "ours:<series>", "paper:<series>".
    """
    set_up(axes, panel)
    own = [curve.series for curve in found]
    colour = colours(panel.series, own)
    handles: list[Line2D] = []
    for curve in found:
        words = (beside or {}).get(curve.series) or distance(curve, panel, costs, reference)
        label = f"{curve.name}  {words}".rstrip()
        handles.append(draw_ours(axes, panel, curve, costs, colour[curve.series], label))
    handles += draw_paper(axes, panel, reference, colour, own)
    inch = axes.figure.dpi / axes.bbox.height
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.43, -_BELOW * inch),
        ncols=_COLUMNS,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
    )


def room(panel: CurvePanel, found: Sequence[Curve], reference: pd.DataFrame) -> float:
    """Inches below the frame for tick labels, the axis' label and the legend."""
    entries = len(found) + len(alone(reference, [curve.series for curve in found]))
    entries += 1 + (panel.y_reference != "y") if len(reference) else 0
    return _BELOW + 0.145 * -(-entries // _COLUMNS) + 0.1


def distance(curve: Curve, panel: CurvePanel, costs: pd.DataFrame, reference: pd.DataFrame) -> str:
    """The mean distance of the drawn runs from the paper's curve; "" where it has none."""
    dex = float(distances(curve.runs, costs, panel, reference)["dex"].mean())
    if np.isnan(dex):
        known = (reference["series"] == curve.series).any()
        return (NONE if known else "not in the paper") if len(reference) else ""
    gone = (curve.runs["status"] == Status.DIVERGED).any()
    return "diverged" if gone else f"{dex:#.2g} dex"


def set_up(axes: Axes, panel: CurvePanel) -> None:
    """The paper's limits, scale, labels and title."""
    if panel.log_y:
        axes.set_yscale("log")
        if panel.y_limits[1] < 30 * panel.y_limits[0]:
            # few powers of ten have a place on it
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set(xlim=panel.x_limits, ylim=panel.y_limits)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, title=panel.title)


def alone(reference: pd.DataFrame, ours: Sequence[str]) -> list[str]:
    """The paper's series of which nothing of ours is drawn."""
    return [str(name) for name in reference["series"].unique() if name not in ours]


def draw_paper(
    axes: Axes,
    panel: CurvePanel,
    reference: pd.DataFrame,
    colour: Mapping[str, str],
    ours: Sequence[str],
) -> list[Line2D]:
    """The paper's curves, dashed, and what the legend says of them, once.

    Those that have none of `ours` in their colour have an entry of their own. Points outside the
    frame are drawn too, so that a curve leaves it as in the paper. Where the curve that ours is
    compared with is not the plotted one, the latter is dotted.
    """
    handles = [
        Line2D([], [], color=colour[name], label=f"paper's {name}", **PAPER_LINE)
        for name in alone(reference, ours)
    ]
    if len(reference):
        handles.append(Line2D([], [], color=NOTE_COLOUR, label="paper, dashed", **PAPER_LINE))
    for name, line in reference.groupby("series", sort=False):
        hue, compared = colour[str(name)], line[panel.y_reference]
        axes.plot(line["x"], compared, color=hue, gid=f"paper:{name}", **PAPER_LINE)
        apart = as_plotted(panel, line)
        if len(apart):
            own = axes.plot(apart["x"], apart["y"], ":", color=hue, lw=1.1, gid=f"plotted:{name}")
            own[0].set_label(f"paper's {name} as plotted")
            handles += own
    return handles


def draw_ours(
    axes: Axes, panel: CurvePanel, curve: Curve, costs: pd.DataFrame, colour: str, label: str
) -> Line2D:
    """Mean over the drawn seeds as a line, their range as a band."""
    drawn = band(panel, curve, costs)
    x, gid = drawn.index.to_numpy(dtype=float), f"ours:{curve.series}"
    mean = drawn["mean"].to_numpy()
    line = axes.plot(x, mean, color=colour, zorder=4, label=label, gid=gid)[0]
    if len(curve.runs) > 1:
        low, high = drawn["low"].to_numpy(), drawn["high"].to_numpy()
        gid = f"range:{curve.series}"
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0, zorder=3, gid=gid)
    return line


def band(panel: CurvePanel, curve: Curve, costs: pd.DataFrame) -> pd.DataFrame:
    """Mean, low and high over the drawn seeds, by x on the panel's axis."""
    seeds = _by_seed(panel, curve.runs, costs)
    return pd.DataFrame(
        {
            "mean": seeds.mean(axis=1, skipna=False),
            "low": seeds.min(axis=1),
            "high": seeds.max(axis=1),
        }
    )


def as_plotted(panel: CurvePanel, line: pd.DataFrame) -> pd.DataFrame:
    """The points of one curve of the paper where what ours is compared with was not plotted."""
    # the two columns differ by less than 1 % where nothing was undone
    return line[(line["y"] / line[panel.y_reference] - 1).abs() > 0.01]


def _by_seed(panel: CurvePanel, runs: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Costs as a table: index x, a column per run. A run that diverged goes far above the panel."""
    series = str(runs["series"].iloc[0])
    costs = costs[costs["run_id"].isin(runs["run_id"])]
    table = plotted(runs, costs, panel).pivot(index="x", columns="run_id", values="y")
    table = table.reindex(columns=list(runs["run_id"]))
    far = 100 * panel.y_limits[1]
    diverged = runs[runs["status"] == Status.DIVERGED].set_index("run_id")["diverged_epoch"]
    passes = (diverged - panel.shift_of(series)).clip(lower=0)
    for run, x in (passes * panel.stretch_of(series)).items():
        table = table.reindex(index=sorted({*table.index, float(x)}))
        table.loc[table.index >= x, run] = far
    # Where only the run that left has a point, the others are on the line between their own.
    table = table.interpolate(method="index", limit_area="inside")
    return table.replace([np.inf, -np.inf], far)
