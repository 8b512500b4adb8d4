"""Every figure of the paper by name, and how one is drawn from the tables of a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.errors import UserError, nearest
from adamrepro.figures import fig4, style
from adamrepro.figures.curves import (
    Added,
    Aside,
    Contents,
    References,
    aside_of,
    contents,
    tuned_curves,
)
from adamrepro.figures.fig4 import GridContents
from adamrepro.figures.lines import Curve
from adamrepro.figures.wall_time import wall_time
from adamrepro.results import fidelity
from adamrepro.results.damage import shown
from adamrepro.results.panel import CurvePanel
from adamrepro.results.reference import CURVE_PANELS, FIGURE_4, panel_of, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import NOT_IN_THE_PAPER, Selection, every_point
from adamrepro.results.summary import summary
from adamrepro.results.written import write_table

# What a figure's choice of runs is, by the end of its file's name.
_SELECTIONS = {"": Selection.RECOVERED, "_tuned": Selection.TUNED}


@dataclass(frozen=True)
class CurveFigure:
    """A figure of curves, of which each was selected from a grid.

    panels: of one experiment, below each other. aside: the series that the paper does not draw.
    added: what is made of the curves besides. selections: by the end of the file's name.
    """

    title: str
    panels: Sequence[CurvePanel]
    aside: Aside | None = None
    added: Callable[[Sequence[Curve]], Added] | None = None
    selections: Mapping[str, Selection] = field(default_factory=lambda: _SELECTIONS)

    @property
    def panel(self) -> CurvePanel:
        """The one on which runs are selected."""
        first = self.panels[0]
        return (
            CURVE_PANELS[panel_of(first.experiment).name] if first.name in CURVE_PANELS else first
        )

    def contents(
        self, tables: Tables, references: References, *, budget: str, selection: Selection
    ) -> Contents:
        """What a page of it holds, with one choice of runs."""
        return contents(
            f"{self.title}, {selection}",
            self.panels,
            self.panel,
            tables,
            references,
            budget=budget,
            selection=selection,
            aside=self.aside,
            added=self.added,
        )

    def pages(self, tables: Tables, references: References, budget: str) -> dict[str, Figure]:
        """What is drawn, by the end of the file's name."""
        return {
            end: self.contents(tables, references, budget=budget, selection=selection).figure()
            for end, selection in self.selections.items()
        }

    def summary(self, tables: Tables, references: References) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What summary.csv holds, and what is printed."""
        found = summary(tables, self.panel, references[self.panel.name])
        found = found[found["selection"].isin([*map(str, self.selections.values())])]
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


def panels(*names: str) -> list[CurvePanel]:
    return [CURVE_PANELS[name] for name in names]


FIGURES: dict[str, CurveFigure | GridFigure] = {
    "fig1a": CurveFigure("Figure 1a", panels("fig1a")),
    "fig1b": CurveFigure(
        "Figure 1b",
        panels("fig1b"),
        aside_of("fig1b", "Without dropout", log_y=True, y_limits=(1e-8, 1e2)),
    ),
    "fig2a": CurveFigure("Figure 2a", panels("fig2a")),
    "fig2b": CurveFigure(
        "Figure 2b",
        panels("fig2b_epochs"),
        aside_of("fig2b_epochs", "With dropout", y_limits=(1e-8, 1e1)),
        wall_time,
    ),
    "fig3": CurveFigure("Figure 3", panels("fig3_left", "fig3_right")),
    "fig4": GridFigure(fig4.contents_of),
}


def own_figure(name: str, tables: Tables) -> CurveFigure:
    """The figure of an experiment that the paper does not have: training cost, tuned settings."""
    panel, _ = tuned_curves(tables, name)
    panel = replace(panel, log_y=True)
    return CurveFigure(name, [panel], selections={"": Selection.TUNED})


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

    Other colours than the paper's have a folder of their own there. An experiment that the paper
    does not have is drawn without the paper's curves. Tables that are missing, damaged or not to be
    drawn: UserError.
    """
    folder, out = results / budget / name, figures / budget
    if name not in FIGURES and not Tables.exist(folder):
        others = sorted(path.parts[-3] for path in results.glob(f"*/{name}/runs.csv"))
        meant = f"there are some at --budget {others[0]}" if others else nearest(name, FIGURES)
        raise UserError(f"{name}: no such figure, and no tables in {folder}; {meant}")
    out = out if colours is style.Style.PAPER else out / colours
    tables = Tables.read(folder)
    references = {name: NOT_IN_THE_PAPER} | read_references()
    with shown(folder), style.styled(colours):
        figure = FIGURES.get(name) or own_figure(name, tables)
        pages = figure.pages(tables, references, budget)
        table, compared = figure.summary(tables, references)
    paths = [path for end, page in pages.items() for path in style.save(page, out, f"{name}{end}")]
    write_table(folder / "summary.csv", table, digits=6)
    return Drawn([*paths, folder / "summary.csv"], compared)
