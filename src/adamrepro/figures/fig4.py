"""Figure 4: loss of a variational auto-encoder over the step size, with and without correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from adamrepro.figures import notes, style
from adamrepro.figures.curves import References
from adamrepro.figures.page import Block, Box, stack
from adamrepro.results.fidelity import figure_4_losses, figure_4_points, figure_4_summary
from adamrepro.results.reference import FIGURE_4
from adamrepro.results.schema import Tables
from adamrepro.results.select import every_point

_LABELS = {"corrected": "with bias correction", "uncorrected": "without"}
_CROSSES = {**style.PAPER_LINE, "lw": 0.7, "marker": "x", "ms": 3.5, "mew": 0.8}
# Inches, of one row of panels, and between them.
_ROW, _GAP = 1.12, 0.1

Cell = tuple[float, float]
"""beta1, beta2."""


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
        return [
            (beta1, beta2)
            for beta1 in FIGURE_4.beta1
            for beta2 in FIGURE_4.beta2
            if len(_at(inside, (beta1, beta2)))
        ]


def make(tables: Tables, references: References, *, budget: str) -> Figure:
    """Figure 4 from its tables: a block of panels for each of the paper's two epochs.

    A budget that ends earlier shows its last epoch instead, once; panels in which nothing of ours
    can be seen are left out.
    """
    runs = every_point(tables.runs)
    epochs = epochs_shown(tables.curves, runs)
    losses = figure_4_losses(runs, tables.curves, list(epochs.values()))
    reference = references["fig4"]
    points = figure_4_points(losses, reference)
    parts = [
        Epochs(
            asked,
            shown,
            points[points["epochs"] == shown],
            reference[reference["epochs"] == asked],
        )
        for asked, shown in epochs.items()
    ]
    seen = [part for part in parts if part.cells()]
    summary = figure_4_summary(points)
    blocks = [_block(part, part.cells(), summary) for part in seen]
    if not blocks:
        every = [(beta1, beta2) for beta1 in FIGURE_4.beta1 for beta2 in FIGURE_4.beta2]
        blocks = [_block(parts[0], every, summary)]
    caption = [*_caption(runs, budget, summary), *notes.left_out(_left_out(seen))]
    return stack("Figure 4", blocks, caption)


def epochs_shown(curves: pd.DataFrame, runs: pd.DataFrame) -> dict[int, int]:
    """The paper's epochs -> the last epoch up to it with a loss of ours; none is shown twice."""
    known = curves["run_id"].isin(runs["run_id"]) & curves[FIGURE_4.cost].notna()
    epochs = curves.loc[known & (curves["epoch"] > 0), "epoch"]
    found: dict[int, int] = {}
    for asked in FIGURE_4.epochs:
        shown = int(epochs[epochs <= asked].max()) if (epochs <= asked).any() else asked
        if shown not in found.values():
            found[asked] = shown
    return found


def _at(points: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    return points[np.isclose(points["beta1"], cell[0]) & np.isclose(points["beta2"], cell[1])]


def _block(part: Epochs, cells: Sequence[Cell], summary: pd.DataFrame) -> Block:
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
        for beta1, beta2 in cells:
            place = rows.index(beta1), columns.index(beta2)
            axes = figure.add_subplot(spec[place])
            _set_up(axes, (beta1, beta2), cells)
            _draw(axes, _at(part.paper, (beta1, beta2)), _at(part.ours, (beta1, beta2)))
        inch = 1 / figure.get_figheight()
        title = f"after {part.shown} epochs"
        title += "" if part.shown == part.asked else f" (the paper: {part.asked})"
        top = bottom + height
        figure.text(left + width / 2, top + 0.49 * inch, title, ha="center", fontsize=9)
        figure.legend(
            handles=_handles(summary[summary["epochs"] == part.shown]),
            loc="lower center",
            bbox_to_anchor=(0.5, top + 0.23 * inch),
            ncols=3,
            frameon=False,
            fontsize=7.2,
            borderpad=0,
            borderaxespad=0,
            columnspacing=1.2,
        )

    height = len(rows) * _ROW + (len(rows) - 1) * _GAP
    return Block(height, draw, above=0.66, below=0.42)


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


def _draw(axes: Axes, theirs: pd.DataFrame, ours: pd.DataFrame) -> None:
    for series, colour in style.figure_4_colours().items():
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


def _handles(summary: pd.DataFrame) -> list[Line2D]:
    nats = summary.set_index("series")["median_nats"].to_dict()
    handles = []
    for series, colour in style.figure_4_colours().items():
        distance = f"  {nats[series]:.2f} nats" if series in nats else ""
        label = f"{_LABELS[series]}{distance}"
        handles.append(Line2D([], [], color=colour, marker="o", ms=2.5, lw=1.2, label=label))
    paper = Line2D([], [], color=style.NOTE_COLOUR, label="paper, dashed", **_CROSSES)
    return [*handles, paper]


def _caption(runs: pd.DataFrame, budget: str, summary: pd.DataFrame) -> list[str]:
    counts = runs.groupby("setting_id")["seed"].nunique()
    low, high = int(counts.min()), int(counts.max())
    many = (
        f"{low} seed"
        if high == 1
        else f"{low if low == high else f'{low}-{high}'} seeds, mean and range"
    )
    points = "; ".join(
        f"after {epochs} epochs "
        + ", ".join(
            f"{of} {_LABELS[series]}"
            for series, of in zip(rows["series"], rows["points"], strict=True)
        )
        for epochs, rows in summary.groupby("epochs")
    )
    alone = [int(summary[column].sum()) for column in ("only_ours", "only_paper")]
    found = [
        f"Solid, dots: ours, {len(counts)} grid points, {many}; dashed, crosses: {notes.PAPER}.",
        "Loss: nats an image over the whole training set at the end of the epoch "
        f"({FIGURE_4.cost}).",
        notes.what_was_run(runs, budget, FIGURE_4.last_epoch),
        f"A run that diverged stands at {FIGURE_4.cap:g}, as in the paper: its line leaves the "
        "panel.",
    ]
    if points:
        found.append(
            "nats: median distance from the paper's points, in the frame or above it, but for "
            f"those that diverged in both ({points})."
        )
    if any(alone):
        found.append(
            f"Diverged in ours alone: {alone[0]} points, in the paper alone: {alone[1]} "
            "(summary.csv names them)."
        )
    return found


def _left_out(seen: Sequence[Epochs]) -> list[str]:
    """The blocks that are not there, and the rows, columns and panels of those that are."""
    gone = [asked for asked in FIGURE_4.epochs if asked not in {part.asked for part in seen}]
    found = [f"all after {asked} epochs" for asked in gone]
    for part in seen:
        cells = part.cells()
        names = [
            *(rf"$\beta_1={b:g}$" for b in FIGURE_4.beta1 if b not in {c[0] for c in cells}),
            *(rf"$\beta_2={b:g}$" for b in FIGURE_4.beta2 if b not in {c[1] for c in cells}),
            *(
                rf"$\beta_1={beta1:g}$ with $\beta_2={beta2:g}$"
                for beta1 in {c[0] for c in cells}
                for beta2 in {c[1] for c in cells}
                if (beta1, beta2) not in cells
            ),
        ]
        found += [f"{name} after {part.shown} epochs" for name in names]
    return found
