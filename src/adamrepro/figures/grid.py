"""A block of Figure 4: loss against step size, a row of panels for each beta1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from adamrepro.figures import style
from adamrepro.figures.page import Block, Box
from adamrepro.results.reference import FIGURE_4

_LABELS = {"corrected": "with bias correction", "uncorrected": "without"}
_CROSSES = {**style.PAPER_LINE, "lw": 0.7, "marker": "x", "ms": 3.5, "mew": 0.8}
# Inches, of one row of panels, and between them.
_ROW, _GAP = 1.12, 0.1
# The legend: its columns, and inches from the panels to it, and of a row of it.
_COLUMNS, _LEGEND, _ENTRY = 3, 0.23, 0.15

Cell = tuple[float, float]
"""beta1, beta2."""
CELLS = tuple(product(FIGURE_4.beta1, FIGURE_4.beta2))


@dataclass(frozen=True)
class Epochs:
    """What is shown for one of the paper's epochs: our last epoch up to it, and the cells."""

    asked: int
    shown: int
    ours: pd.DataFrame
    paper: pd.DataFrame

    def cells(self) -> list[Cell]:
        """Where a point of ours lies in the frame."""
        inside = self.ours[self.ours["ours"].between(*FIGURE_4.y_limits)]
        return [cell for cell in CELLS if is_at(inside, cell).any()]

    @property
    def colours(self) -> dict[str, str]:
        """Of the paper's two series, and of others that are ours."""
        return style.figure_4_colours(list(dict.fromkeys(self.ours["series"])))


def label(series: str) -> str:
    """What the legend calls a series."""
    return _LABELS.get(series, series)


def is_at(points: pd.DataFrame, cell: Cell) -> pd.Series[bool]:
    """Which points belong into a panel."""
    betas = np.isclose(points["beta1"], cell[0]) & np.isclose(points["beta2"], cell[1])
    inside: pd.Series[bool] = np.log10(points["alpha"]).between(*FIGURE_4.x_limits)
    return inside & betas


def block(part: Epochs, cells: Sequence[Cell], summary: pd.DataFrame) -> Block:
    """The panels `cells` in rows and columns, their title and legend above them."""
    rows = sorted({beta1 for beta1, _ in cells})
    columns = sorted({beta2 for _, beta2 in cells})

    def draw(figure: Figure, box: Box) -> None:
        left, bottom, width, height = box
        spec = figure.add_gridspec(
            len(rows),
            len(columns),
            left=left,
            right=left + width,
            bottom=bottom,
            top=bottom + height,
            wspace=0.09,
            hspace=_GAP / _ROW,
        )
        for cell in cells:
            axes = figure.add_subplot(spec[rows.index(cell[0]), columns.index(cell[1])])
            _set_up(axes, cell, cells)
            theirs, ours = part.paper, part.ours
            _draw(axes, theirs[is_at(theirs, cell)], ours[is_at(ours, cell)], part.colours)
        inch = 1 / figure.get_figheight()
        title = f"after {part.shown} epochs"
        title += "" if part.shown == part.asked else f" (the paper: {part.asked})"
        top = bottom + height
        middle = left + width / 2
        figure.text(middle, top + (_LEGEND + legend + 0.11) * inch, title, ha="center", fontsize=9)
        figure.legend(
            handles=_handles(summary[summary["epochs"] == part.shown], part.colours),
            loc="lower center",
            bbox_to_anchor=(0.5, top + _LEGEND * inch),
            ncols=_COLUMNS,
            frameon=False,
            fontsize=7.2,
            borderpad=0,
            borderaxespad=0,
            columnspacing=1.2,
        )

    height = len(rows) * _ROW + (len(rows) - 1) * _GAP
    # one entry is the paper's
    legend = _ENTRY * -(-(len(part.colours) + 1) // _COLUMNS)
    return Block(height, draw, above=_LEGEND + legend + 0.28, below=0.42)


def _set_up(axes: Axes, cell: Cell, cells: Sequence[Cell]) -> None:
    """Limits as in the paper; names and numbers only at the block's edges."""
    beta1, beta2 = cell
    axes.set(xlim=FIGURE_4.x_limits, ylim=FIGURE_4.y_limits)
    # the ends have no numbers: those of neighbours would overlap
    axes.set_xticks(range(-5, 0), ["", *(f"\N{MINUS SIGN}{step}" for step in (4, 3, 2)), ""])
    axes.set_yticks(range(100, 141, 10))
    lowest = beta1 == max(b1 for b1, b2 in cells if b2 == beta2)
    highest = beta1 == min(b1 for b1, b2 in cells if b2 == beta2)
    first = beta2 == min(b2 for b1, b2 in cells if b1 == beta1)
    axes.tick_params(labelsize=7, labelbottom=lowest, labelleft=first, pad=3)
    if highest:
        axes.set_title(rf"$\beta_2={beta2:g}$", fontsize=8, pad=4)
    if lowest:
        axes.set_xlabel(FIGURE_4.x_label, fontsize=7.5, labelpad=2)
    if first:
        axes.set_ylabel(rf"$\beta_1={beta1:g}$" + f"\n{FIGURE_4.y_label}", fontsize=7.5)


def _draw(axes: Axes, theirs: pd.DataFrame, ours: pd.DataFrame, colours: Mapping[str, str]) -> None:
    for series, colour in colours.items():
        paper = theirs[theirs["series"] == series].sort_values("alpha")
        x = np.log10(paper["alpha"])
        axes.plot(x, paper["loss"], color=colour, gid=f"paper:{series}", **_CROSSES)
        mine = ours[ours["series"] == series].sort_values("alpha")
        x = np.log10(mine["alpha"].astype(float))
        line = axes.plot(x, mine["ours"], "-o", color=colour, lw=1.2, ms=2.5, zorder=4)[0]
        line.set_gid(f"ours:{series}")
        if (mine["seeds"] > 1).any():
            low, high = mine["lowest"], mine["highest"]
            axes.fill_between(
                x, low, high, color=colour, alpha=0.2, lw=0, zorder=3, gid=f"range:{series}"
            )


def _handles(summary: pd.DataFrame, colours: Mapping[str, str]) -> list[Line2D]:
    nats = summary.set_index("series")["median_nats"].to_dict()
    handles = []
    for series, colour in colours.items():
        distance = f"  {nats[series]:.2f} nats" if series in nats else ""
        words = f"{label(series)}{distance}"
        handles.append(Line2D([], [], color=colour, marker="o", ms=2.5, lw=1.2, label=words))
    paper = Line2D([], [], color=style.NOTE_COLOUR, label="paper, dashed", **_CROSSES)
    return [*handles, paper]
