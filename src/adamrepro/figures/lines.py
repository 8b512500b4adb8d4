"""A panel of cost against passes: our curves with a band, the paper's dashed behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from adamrepro.figures.notes import DIVERGED_MARK, EDGE_MARK
from adamrepro.figures.style import colours
from adamrepro.results.fidelity import plotted
from adamrepro.results.reference import Panel
from adamrepro.results.schema import Tables
from adamrepro.results.select import Choice, Role, choose, drawn_runs

# Of curves that share a colour.
_STYLES = ("-", ":")


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
    def label(self) -> str:
        """The legend's label, with the marks that the footnotes explain."""
        edge = EDGE_MARK if self.choice.at_edge else ""
        gone = DIVERGED_MARK if (self.runs["status"] == "diverged").any() else ""
        return f"{self.series} {edge}{gone}".rstrip()


def curves_of(tables: Tables, panel: Panel, reference: pd.DataFrame, role: Role) -> list[Curve]:
    """The curves of one role, in the order of the legend."""
    choices = choose(tables.runs, tables.curves, panel, reference)
    return [Curve(c, drawn_runs(tables.runs, c)) for c in choices if c.role == role]


def draw(
    axes: Axes,
    panel: Panel,
    found: list[Curve],
    costs: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    legend: bool = True,
) -> None:
    """Set up the axes as the paper's, draw its curves, ours on top, and the legend.

    `costs` is the table of curves. Lines carry a gid: "ours:<series>", "paper:<series>".
    """
    set_up(axes, panel)
    colour = colours(panel, [curve.series for curve in found])
    for name in panel.series:
        draw_paper(axes, reference[reference["series"] == name], colour[name])
    drawn: Counter[str] = Counter()
    for curve in found:
        hue = colour[curve.series]
        draw_ours(axes, panel, curve, costs, hue, style=_STYLES[drawn[hue] % len(_STYLES)])
        drawn[hue] += 1
    if legend:
        axes.legend(loc="upper right", framealpha=0.85, ncols=2 if len(found) > 6 else 1)


def set_up(axes: Axes, panel: Panel) -> None:
    """The paper's limits, scale, labels and title."""
    if panel.log_y:
        axes.set_yscale("log")
    axes.set(xlim=panel.x_limits, ylim=panel.y_limits)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, title=panel.title)


def draw_paper(
    axes: Axes, points: pd.DataFrame, colour: str, *, column: str = "y", style: str = "--"
) -> None:
    """A curve of the paper; with its points outside the frame, so that it leaves it alike."""
    for name, line in points.groupby("series", sort=False):
        gid = f"paper:{name}"
        axes.plot(line["x"], line[column], style, color=colour, lw=0.9, alpha=0.8, gid=gid)


def draw_ours(
    axes: Axes,
    panel: Panel,
    curve: Curve,
    costs: pd.DataFrame,
    colour: str,
    *,
    style: str = "-",
    width: float = 1.5,
) -> None:
    """Mean over the drawn seeds as a line, their range as a band."""
    seeds = _by_seed(panel, curve.runs, costs)
    x = seeds.index.to_numpy(dtype=float)
    mean = seeds.mean(axis=1, skipna=False).to_numpy()
    gid = f"ours:{curve.series}"
    axes.plot(
        x, mean, linestyle=style, color=colour, lw=width, zorder=4, label=curve.label, gid=gid
    )
    if seeds.shape[1] > 1:
        low, high = seeds.min(axis=1).to_numpy(), seeds.max(axis=1).to_numpy()
        gid = f"range:{curve.series}"
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0, zorder=3, gid=gid)


def _by_seed(panel: Panel, runs: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Costs as a table: index x, a column per run. A run that diverged goes far above the panel."""
    series = str(runs["series"].iloc[0])
    costs = costs[costs["run_id"].isin(runs["run_id"])]
    table = plotted(runs, costs, panel).pivot(index="x", columns="run_id", values="y")
    table = table.reindex(columns=list(runs["run_id"]))
    far = 100 * panel.y_limits[1]
    diverged = runs[runs["status"] == "diverged"].set_index("run_id")["diverged_epoch"]
    passes = (diverged - panel.shift_of(series)).clip(lower=0)
    for run, x in (passes * panel.stretch_of(series)).items():
        table = table.reindex(index=sorted({*table.index, float(x)}))
        table.loc[table.index >= x, run] = far
    # Where only the run that left has a point, the others are on the line between their own.
    table = table.interpolate(method="index", limit_area="inside")
    return table.replace([np.inf, -np.inf], far)
