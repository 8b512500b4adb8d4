"""Figure 4: loss of a variational auto-encoder over the step size, with and without correction."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adamrepro.figures import notes, style
from adamrepro.figures.page import References
from adamrepro.results.fidelity import figure_4_losses, figure_4_points, figure_4_summary
from adamrepro.results.reference import FIGURE_4_CAP, FIGURE_4_EPOCHS, PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import every_point

_PANEL = PANELS["fig4"]
_BETA1, _BETA2 = (0.0, 0.9), (0.99, 0.999, 0.9999)
_LABELS = {"corrected": "with bias correction", "uncorrected": "without"}
# Inches: a block of panels, and the room around it.
_BLOCK = (5.9, 3.7)
_LEFT, _GAP, _TOP, _BOTTOM = 0.75, 0.75, 1.45, 0.95


def make(tables: Tables, references: References, *, budget: str) -> Figure:
    """Figure 4 from its tables: a block of 2 x 3 panels for each of the paper's two epochs.

    A budget that ends earlier shows its last epoch instead, once.
    """
    runs = every_point(tables.runs)
    shown = epochs_shown(tables.curves, runs)
    losses = figure_4_losses(runs, tables.curves, list(shown.values()))
    reference = references["fig4"]
    width = _LEFT + len(shown) * (_BLOCK[0] + _GAP) - _GAP + 0.2
    height = _BOTTOM + _BLOCK[1] + _TOP
    figure = style.new_figure(width, height)
    for place, (asked, epoch) in enumerate(shown.items()):
        left = _LEFT + place * (_BLOCK[0] + _GAP)
        spec = figure.add_gridspec(
            len(_BETA1),
            len(_BETA2),
            left=left / width,
            right=(left + _BLOCK[0]) / width,
            bottom=_BOTTOM / height,
            top=(_BOTTOM + _BLOCK[1]) / height,
            wspace=0.16,
            hspace=0.1,
        )
        title = f"({'ab'[place]}) after {epoch} epochs"
        title += "" if epoch == asked else f" (the paper: {asked})"
        x, y = (left + _BLOCK[0] / 2) / width, (_BOTTOM + _BLOCK[1] + 0.3) / height
        figure.text(x, y, title, ha="center")
        ours = losses[losses["epochs"] == epoch]
        theirs = reference[reference["epochs"] == asked]
        for row, beta1 in enumerate(_BETA1):
            for column, beta2 in enumerate(_BETA2):
                axes = figure.add_subplot(spec[row, column])
                _set_up(axes, beta1, beta2, row, column)
                _draw(axes, _at(theirs, beta1, beta2), _at(ours, beta1, beta2))
    figure.axes[0].legend(loc="lower left", fontsize=6.5, framealpha=0.85)
    _head(figure, runs, budget, figure_4_summary(figure_4_points(losses, reference)))
    return figure


def epochs_shown(curves: pd.DataFrame, runs: pd.DataFrame) -> dict[int, int]:
    """The paper's epochs -> the epoch of ours that is shown for each; none is shown twice."""
    last = int(curves.loc[curves["run_id"].isin(runs["run_id"]), "epoch"].max())
    shown = {asked: min(asked, last) for asked in FIGURE_4_EPOCHS}
    return {asked: epoch for asked, epoch in shown.items() if asked == 10 or epoch > 10}


def _at(points: pd.DataFrame, beta1: float, beta2: float) -> pd.DataFrame:
    return points[np.isclose(points["beta1"], beta1) & np.isclose(points["beta2"], beta2)]


def _set_up(axes: Axes, beta1: float, beta2: float, row: int, column: int) -> None:
    axes.set(xlim=_PANEL.x_limits, ylim=_PANEL.y_limits)
    axes.set_xticks(range(-5, 0))
    axes.tick_params(labelsize=7, labelbottom=row == 1, labelleft=column == 0)
    if row == 0:
        axes.set_title(rf"$\beta_2={beta2:g}$", fontsize=8.5, pad=3)
    else:
        axes.set_xlabel(_PANEL.x_label, fontsize=8)
    if column == 0:
        axes.set_ylabel(rf"$\beta_1={beta1:g}$" + f"\n{_PANEL.y_label}", fontsize=8.5)


def _draw(axes: Axes, theirs: pd.DataFrame, ours: pd.DataFrame) -> None:
    for series, colour in style.FIGURE_4_COLOURS.items():
        paper = theirs[theirs["series"] == series].sort_values("alpha")
        x = np.log10(paper["alpha"])
        axes.plot(
            x, paper["loss"], "--x", color=colour, lw=0.7, ms=4, mew=0.8, gid=f"paper:{series}"
        )
        mine = ours[ours["series"] == series].groupby("alpha")["loss"].agg(["mean", "min", "max"])
        x = np.log10(mine.index.to_numpy(dtype=float))
        line = axes.plot(x, mine["mean"], "-o", color=colour, lw=1.3, ms=2.5, zorder=4)[0]
        line.set(label=_LABELS[series], gid=f"ours:{series}")
        axes.fill_between(x, mine["min"], mine["max"], color=colour, alpha=0.2, lw=0, zorder=3)


def _head(figure: Figure, runs: pd.DataFrame, budget: str, compared: pd.DataFrame) -> None:
    seeds = int(runs.groupby("setting_id")["seed"].nunique().max())
    points = runs["setting_id"].nunique()
    spread = f"mean and range of {seeds} seeds" if seeds > 1 else "1 seed"
    above = [
        notes.what_was_run(runs, budget, max(FIGURE_4_EPOCHS)),
        f"solid, dots: ours, {points} grid points, {spread}",
        f"dashed, crosses: {notes.PAPER}",
        f"a run that diverged stands at {FIGURE_4_CAP:g} as in the paper: a line leaves the panel",
    ]
    below = [
        f"after {epochs} epochs, median distance from the paper's points: "
        + ", ".join(
            f"{nats:.2g} nats ({_LABELS[series]}, {points} points)"
            for series, nats, points in zip(
                found["series"], found["median_nats"], found["points"], strict=True
            )
        )
        for epochs, found in compared.groupby("epochs")
    ]
    notes.write(figure, "Figure 4", above, below)
