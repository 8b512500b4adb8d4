"""Figure 4: loss of a variational auto-encoder over the step size, with and without correction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.errors import UserError
from adamrepro.figures import notes
from adamrepro.figures.curves import References
from adamrepro.figures.grid import CELLS, Epochs, block, is_at, label
from adamrepro.figures.page import stack
from adamrepro.results.fidelity import (
    figure_4_losses,
    figure_4_points,
    figure_4_summary,
    rounded,
)
from adamrepro.results.reference import FIGURE_4
from adamrepro.results.schema import Tables
from adamrepro.results.select import every_point


@dataclass(frozen=True)
class GridContents:
    """What the page holds: a block of panels for each of `parts`.

    summary: the distance from the paper's points, a row per epochs and series. caption: sentences.
    """

    title: str
    parts: Sequence[Epochs]
    summary: pd.DataFrame
    caption: Sequence[str]

    def figure(self) -> Figure:
        """Draw it."""
        blocks = [block(part, part.cells() or CELLS, self.summary) for part in self.parts]
        return stack(self.title, blocks, self.caption)


def contents_of(tables: Tables, references: References, *, budget: str) -> GridContents:
    """Figure 4 from its tables: a block of panels for each of the paper's two epochs.

    A budget that ends earlier shows its last epoch instead, once; panels in which nothing of ours
    can be seen are left out. No grid rows: UserError.
    """
    runs = every_point(tables.runs)
    if runs.empty:
        raise UserError("fig4: no runs of its grid in its tables; train it (-m, no seed=)")
    epochs = epochs_shown(tables.curves, runs)
    losses = figure_4_losses(runs, tables.curves, list(epochs.values()))
    reference = references["fig4"]
    seen = reduce(or_, (is_at(losses, cell) for cell in CELLS))
    points = figure_4_points(losses[seen], reference)
    parts = [
        Epochs(
            asked,
            shown,
            points[points["epochs"] == shown],
            reference[reference["epochs"] == asked],
        )
        for asked, shown in epochs.items()
    ]
    kept = [part for part in parts if part.cells()]
    summary = figure_4_summary(points)
    caption = [
        *_points(losses[seen], reference),
        *_not_drawn(losses[~seen]),
        *_caption(runs, budget, summary),
        *notes.left_out(_left_out(kept)),
    ]
    return GridContents("Figure 4", kept or parts[:1], summary, caption)


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


def _points(losses: pd.DataFrame, reference: pd.DataFrame) -> Iterator[str]:
    """How many of the paper's points are there, where others would be, and what else there is."""
    alphas = sorted(set(rounded(reference["alpha"])))
    names = ["series", "beta1", "beta2", "alpha"]
    paper = pd.MultiIndex.from_product(
        [FIGURE_4.series, FIGURE_4.beta1, FIGURE_4.beta2, alphas], names=names
    )
    ours = losses.assign(alpha=rounded(losses["alpha"])).groupby(names)["seed"].nunique()
    there = ours.index.isin(paper)
    count = "all" if there.sum() == len(paper) else f"{there.sum()} of"
    seeds = f", {notes.number(list(ours))}" if len(ours) else ""
    yield (
        f"Solid, dots: ours, {count} the paper's {len(paper)} grid points{seeds}; "
        f"dashed, crosses: {notes.PAPER}."
    )
    lacking = paper[~paper.isin(ours.index)].to_frame(index=False)
    every = len(FIGURE_4.beta2) * len(alphas)
    gone = []
    for (beta1, series), rows in lacking.groupby(["beta1", "series"]):
        ends = [rows["alpha"].min(), rows["alpha"].max()]
        where = "" if ends == [alphas[0], alphas[-1]] else f", alpha {ends[0]:g} to {ends[1]:g}"
        with_or_not = "with" if series == "corrected" else "without"
        of = f"{len(rows)} of {every}" if len(rows) < every else f"all {every}"
        gone.append(rf"{of} at $\beta_1={beta1:g}$ {with_or_not} correction{where}")
    if gone:
        yield f"Not trained: {'; '.join(gone)}."
    if others := list(dict.fromkeys(ours[~there].index.get_level_values("series"))):
        yield f"Not among the paper's: {(~there).sum()} of {', '.join(map(label, others))}."


def _not_drawn(losses: pd.DataFrame) -> list[str]:
    """Name the series with runs for which there is no panel."""
    if losses.empty:
        return []
    names = ", ".join(map(label, dict.fromkeys(losses["series"])))
    return [f"Not drawn, for their beta1, beta2 and alpha are in no panel: {names}."]


def _caption(runs: pd.DataFrame, budget: str, summary: pd.DataFrame) -> list[str]:
    points = "; ".join(
        f"after {epochs} epochs "
        + ", ".join(
            f"{of} {label(series)}"
            for series, of in zip(rows["series"], rows["points"], strict=True)
        )
        for epochs, rows in summary.groupby("epochs")
    )
    alone = [int(summary[column].sum()) for column in ("only_ours", "only_paper")]
    found = [
        "Loss: nats an image over the whole training set at the end of the epoch "
        f"({FIGURE_4.cost}).",
        notes.what_was_run(runs, budget, FIGURE_4.last_epoch),
        f"A run that diverged stands at {FIGURE_4.cap:g}, as in the paper: its line leaves the "
        "panel.",
    ]
    if points:
        found.append(
            "nats: median distance from the paper's points, in the frame or above it, without "
            f"those that diverged in both; counted are {points}."
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
        rows, columns = ({cell[place] for cell in cells} for place in (0, 1))
        names = [
            *(rf"$\beta_1={b:g}$" for b in FIGURE_4.beta1 if b not in rows),
            *(rf"$\beta_2={b:g}$" for b in FIGURE_4.beta2 if b not in columns),
            *(
                rf"$\beta_1={beta1:g}$ with $\beta_2={beta2:g}$"
                for beta1, beta2 in product(sorted(rows), sorted(columns))
                if (beta1, beta2) not in cells
            ),
        ]
        found += [f"{name} after {part.shown} epochs" for name in names]
    return found
