"""Every figure of the paper by name, and how one is drawn from the tables of a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.errors import UserError
from adamrepro.figures import fig1, fig2, fig3, fig4, style
from adamrepro.figures.curves import Contents, References
from adamrepro.figures.fig4 import GridContents
from adamrepro.results import fidelity
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.panel import CurvePanel
from adamrepro.results.reference import FIGURE_4, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection, every_point
from adamrepro.results.summary import summary
from adamrepro.results.written import write_table

# What a figure's choice of runs is, by the end of its file's name.
_SELECTIONS = {"": Selection.RECOVERED, "_tuned": Selection.TUNED}


@dataclass(frozen=True)
class CurveFigure:
    """A figure of curves, of which each was selected from a grid in two ways."""

    contents: Callable[..., Contents]
    panel: CurvePanel
    """The one on which runs are selected."""

    def pages(self, tables: Tables, references: References, budget: str) -> dict[str, Figure]:
        """What is drawn, by the end of the file's name."""
        return {
            end: self.contents(tables, references, budget=budget, selection=selection).figure()
            for end, selection in _SELECTIONS.items()
        }

    def summary(self, tables: Tables, references: References) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What summary.csv holds, and what is printed."""
        found = summary(tables, self.panel, references[self.panel.name])
        return found, found


@dataclass(frozen=True)
class GridFigure:
    """A figure that shows every point of its grid."""

    contents: Callable[..., GridContents]

    def pages(self, tables: Tables, references: References, budget: str) -> dict[str, Figure]:
        """What is drawn, by the end of the file's name."""
        return {"": self.contents(tables, references, budget=budget).figure()}

    def summary(self, tables: Tables, references: References) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What summary.csv holds, and what is printed."""
        runs = every_point(tables.runs)
        losses = fidelity.figure_4_losses(runs, tables.curves, list(FIGURE_4.epochs))
        points = fidelity.figure_4_points(losses, references[FIGURE_4.name])
        return points, fidelity.figure_4_summary(points)


FIGURES: dict[str, CurveFigure | GridFigure] = {
    "fig1a": CurveFigure(fig1.contents_a, fig1.A),
    "fig1b": CurveFigure(fig1.contents_b, fig1.B),
    "fig2a": CurveFigure(fig2.contents_a, fig2.A),
    "fig2b": CurveFigure(fig2.contents_b, fig2.B),
    "fig3": CurveFigure(fig3.contents_of, fig3.RIGHT),
    "fig4": GridFigure(fig4.contents_of),
}


@dataclass(frozen=True)
class Drawn:
    """Files that were written, and how near the paper the curves are: a row per curve."""

    paths: list[Path]
    fidelity: pd.DataFrame


def draw(
    name: str,
    *,
    results: Path,
    figures: Path,
    budget: str,
    colours: style.Style = style.Style.PAPER,
) -> Drawn:
    """Draw a figure from `results`/budget/name into `figures`/budget, and write its summary.csv.

    Other colours than the paper's have a folder of their own there. An unknown name, tables that
    are missing, damaged or not to be drawn: UserError.
    """
    if name not in FIGURES:
        raise UserError(f"{name}: no such figure; expected all or one of {', '.join(FIGURES)}")
    folder, out = results / budget / name, figures / budget
    out = out if colours is style.Style.PAPER else out / colours
    tables = Tables.read(folder)
    check_unique(folder, tables)
    references = read_references()
    try:
        with style.styled(colours):
            pages = FIGURES[name].pages(tables, references, budget)
        table, compared = FIGURES[name].summary(tables, references)
    except DAMAGE as error:
        raise UserError(told(folder, error)) from error
    paths = [path for end, page in pages.items() for path in style.save(page, out, f"{name}{end}")]
    write_table(folder / "summary.csv", table, digits=6)
    return Drawn([*paths, folder / "summary.csv"], compared)


def check_unique(folder: Path, tables: Tables) -> None:
    """Raise UserError where a run, or an epoch of one, is in the tables twice."""
    for file, table, keys in (
        ("runs.csv", tables.runs, ["run_id"]),
        ("curves.csv", tables.curves, ["run_id", "epoch"]),
    ):
        twice = table[table.duplicated(keys)]
        if len(twice):
            found = ", ".join(f"{key} {twice[key].iloc[0]}" for key in keys)
            raise UserError(f"{folder / file}: {found} is there twice; restore it or delete it")
