"""A class beside tuned Adam: cost over the passes, and after the last one by step size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from adamrepro.figures import lines
from adamrepro.figures.curves import tuned_curves
from adamrepro.figures.page import Block, Box, stack
from adamrepro.figures.style import colours
from adamrepro.results.panel import CurvePanel
from adamrepro.results.schema import Tables
from adamrepro.results.select import costs_at_horizon, grid_of
from adamrepro.results.tasks import LR

STEPS = ("optimizer.alpha", LR)
"""Columns of step sizes: Adam's, the class's."""

_HEIGHT = 1.35
# Parts of a block's width: the left panel, and where the right one begins.
_LEFT, _RIGHT = 0.44, 0.58
_CAPTION = (
    "Left: the chosen settings, mean and range over the confirmation seeds. Right: the whole grid, "
    "one seed; the chosen setting is the filled point, one that diverged a cross at the top."
)


def make(name: str, than: str, tables: Mapping[str, Tables]) -> Figure:
    """Draw a row of two panels for each task; `tables` by what the task is called."""
    colour = colours((than, name), [])
    blocks = [row(task, own, colour) for task, own in tables.items()]
    figure = stack(f"{name} beside {than}", blocks, [_CAPTION])
    figure.axes[0].legend(loc="upper right")
    return figure


def row(task: str, tables: Tables, colour: Mapping[str, str]) -> Block:
    """The two panels of a task."""
    panel, found = tuned_curves(tables, task)

    def draw(figure: Figure, box: Box) -> None:
        x, y, width, height = box
        passes = figure.add_axes((x, y, _LEFT * width, height))
        steps = figure.add_axes((x + _RIGHT * width, y, (1 - _RIGHT) * width, height))
        for curve in found:
            hue = colour[curve.series]
            lines.draw_ours(passes, panel, curve, tables.curves, hue, curve.series)
            draw_steps(steps, panel, curve, tables, hue)
        set_up(passes, steps, panel)

    return Block(_HEIGHT, draw)


def draw_steps(
    axes: Axes, panel: CurvePanel, curve: lines.Curve, tables: Tables, colour: str
) -> None:
    """Cost after the last pass against the step size; of several settings at one, the lowest."""
    grid = grid_of(tables.runs[tables.runs["series"] == curve.series])
    steps = grid[[column for column in STEPS if column in grid]].bfill(axis=1).iloc[:, 0]
    grid = grid.assign(
        step=steps.astype(float),
        cost=costs_at_horizon(grid, tables.curves, panel)["cost"].to_numpy(),
    )
    lowest = grid.groupby("step")["cost"].min()
    ended = lowest[np.isfinite(lowest)]
    axes.plot(ended.index, ended, "o-", color=colour, ms=3.5, mfc="w", gid=f"steps:{curve.series}")
    chosen = grid[grid["setting_id"] == curve.choice.setting_id]
    axes.plot(chosen["step"], chosen["cost"], "o", color=colour, ms=5, zorder=5)
    gone = lowest.index[np.isinf(lowest)]
    top = axes.get_xaxis_transform()
    axes.plot(gone, np.ones(len(gone)), "x", color=colour, transform=top, clip_on=False)


def set_up(passes: Axes, steps: Axes, panel: CurvePanel) -> None:
    """Logarithmic costs, with a few ticks that can be read."""
    lines.set_up(passes, replace(panel, log_y=True, x_label="passes"))
    passes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    steps.set(xscale="log", yscale="log", xlabel="step size", title="after the last pass")
    for axes in (passes, steps):
        low, high = axes.get_ylim()
        if high < 10 * low:
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
