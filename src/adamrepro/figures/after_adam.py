"""Rules after Adam: ranks over the passes, costs by step size, and Adam's by its betas."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from adamrepro.figures.notes import EDGE_MARK
from adamrepro.figures.page import Block, Box, stack

BASELINE_COLOUR = "k"
_COLOURS = (
    *("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown"),
    *("tab:pink", "tab:gray", "tab:olive", "tab:cyan", "navy", "darkgreen"),
)

# dex: what lies further above the lowest cost has one colour.
_FAR = 0.3
_MAP = "viridis"
_ROW = 0.15  # inches
_CELL = 6.3  # points
# Part of the width where the names stand.
_NAMES = 0.2


def ranks(by_task: Mapping[str, pd.DataFrame], baseline: str) -> Figure:
    """Draw the rank of each rule (column) after each pass (row), a panel per task."""
    names = list(dict.fromkeys(name for frame in by_task.values() for name in frame))
    others = [name for name in names if name != baseline]
    colour = dict(zip(others, itertools.cycle(_COLOURS), strict=False))

    def panel(task: str, frame: pd.DataFrame) -> Block:
        def draw(figure: Figure, box: Box) -> None:
            x, y, width, height = box
            axes = figure.add_axes((x, y, (1 - 1.4 * _NAMES) * width, height))
            for name in map(str, frame):
                is_baseline = name == baseline
                hue = BASELINE_COLOUR if is_baseline else colour[name]
                axes.plot(frame.index, frame[name], color=hue, lw=2.2 if is_baseline else 1.3)
                end = (frame.index[-1], frame[name].iloc[-1])
                axes.annotate(
                    name,
                    end,
                    xytext=(4, 0),
                    textcoords="offset points",
                    color=hue,
                    fontsize=6.8,
                    va="center",
                    weight="bold" if is_baseline else "normal",
                )
            axes.set(title=task, xlabel="passes", ylabel="rank", ylim=(len(names) + 0.6, 0.4))
            axes.set(xlim=(frame.index[0], frame.index[-1]), yticks=range(1, len(names) + 1, 4))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))

        return Block(0.135 * len(names), draw)

    caption = (
        "Rank of the training cost of each pass, 1 for the lowest: geometric mean over the "
        "confirmation seeds, each rule at its tuned step size."
    )
    blocks = [panel(task, frame) for task, frame in by_task.items()]
    return stack("Rules after Adam: ranks", blocks, [caption])


def steps(by_task: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw how far each rule (row) ends above the lowest cost at each step size (column)."""
    blocks = [
        heat(task, frame, "step size, times the grid's middle one", "", lowest_of_rows(frame))
        for task, frame in by_task.items()
    ]
    caption = (
        "How far the training cost at the end lies above the lowest of the panel, in dex "
        "(0.3 is twice the cost), one seed. Framed: the lowest of each rule, which may be "
        "another step size than the one chosen by the last pass alone."
    )
    return stack("Rules after Adam: step sizes", blocks, [caption])


def betas(by_task: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> Figure:
    """Draw how far Adam ends above its lowest cost, over beta1 (row) and beta2 (column).

    The second table of a task says where the best step size is the smallest or largest one.
    """
    blocks = [
        heat(task, frame, "beta2", "beta1", equal_of(frame), marked=at_end)
        for task, (frame, at_end) in by_task.items()
    ]
    caption = (
        "How far Adam's training cost at the end lies above the lowest of the panel, in "
        "dex, each pair at the best of three step sizes, one seed. Framed: beta1 = beta2. "
        f"{EDGE_MARK} best at the smallest or the largest of the three: another may be better."
    )
    return stack("Adam's betas", blocks, [caption])


def heat(
    title: str,
    frame: pd.DataFrame,
    x_label: str,
    y_label: str,
    framed: Collection[tuple[int, int]],
    marked: pd.DataFrame | None = None,
) -> Block:
    """A block with a cell for each number; those in `framed` (row, column) have a frame.

    marked: a table of the same shape; a cell that is true there has a mark.
    """
    marks = np.zeros(frame.shape, bool) if marked is None else marked.to_numpy(bool)

    def draw(figure: Figure, box: Box) -> None:
        x, y, width, height = box
        names = 0.0 if y_label else _NAMES
        axes = figure.add_axes((x + names * width, y, (1 - names) * width, height))
        norm = PowerNorm(0.5, vmin=0, vmax=_FAR, clip=True)
        values = frame.to_numpy(float)
        image = axes.imshow(values, cmap=_MAP, norm=norm, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            mark = EDGE_MARK if marks[row, column] else ""
            red, green, blue, _ = image.cmap(norm(value))
            light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
            axes.text(
                *(column, row, written(value) + mark),
                ha="center",
                va="center",
                fontsize=_CELL,
                color="k" if light else "w",
            )
        for row, column in framed:
            frame_of = (column - 0.46, row - 0.42)
            axes.add_patch(Rectangle(frame_of, 0.92, 0.84, fill=False, ec="r", lw=1.2))
        label(axes, frame, title, x_label, y_label)

    return Block(_ROW * len(frame), draw)


def label(axes: Axes, frame: pd.DataFrame, title: str, x_label: str, y_label: str) -> None:
    """Name the rows and columns."""
    rows, columns = frame.shape
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    axes.set_xticks(range(columns), [f"{value:g}" for value in frame.columns])
    names = [f"{name:g}" if isinstance(name, float) else str(name) for name in frame.index]
    axes.set_yticks(range(rows), names, fontsize=7)
    axes.tick_params(length=0)


def written(value: float) -> str:
    """A number of dex in a cell."""
    if not np.isfinite(value):
        return "-"
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def lowest_of_rows(frame: pd.DataFrame) -> list[tuple[int, int]]:
    """Where the lowest number of each row is."""
    return [(row, int(np.argmin(values))) for row, values in enumerate(frame.to_numpy(float))]


def equal_of(frame: pd.DataFrame) -> list[tuple[int, int]]:
    """Where a row and a column are called alike."""
    pairs = np.equal.outer(frame.index.to_numpy(), frame.columns.to_numpy())
    return [(int(row), int(column)) for row, column in np.argwhere(pairs)]
