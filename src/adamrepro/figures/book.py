"""Every figure of the paper by name, and how one is drawn from the tables of a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.errors import UserError
from adamrepro.figures import fig1, fig2, fig3, fig4, style
from adamrepro.figures.page import References
from adamrepro.files import write_atomically
from adamrepro.results import fidelity, select
from adamrepro.results.reference import FIGURE_4_EPOCHS, panel_of, read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role

FIGURES: dict[str, Callable[..., Figure]] = {
    "fig1a": fig1.make_a,
    "fig1b": fig1.make_b,
    "fig2a": fig2.make_a,
    "fig2b": fig2.make_b,
    "fig3": fig3.make,
    "fig4": fig4.make,
}
# What a figure's choice of runs is, by the end of its file's name.
_ROLES = {"": Role.RECOVERED, "_tuned": Role.TUNED}
# Figure 4 shows every grid point, and Figure 2b is about speed, not about a grid.
_ONE_VARIANT = ("fig2b", "fig4")


@dataclass(frozen=True)
class Drawn:
    """Files that were written, and how near the paper the curves are: a row per curve."""

    paths: list[Path]
    fidelity: pd.DataFrame


def draw(name: str, *, results: Path, figures: Path, budget: str) -> Drawn:
    """Draw a figure from `results`/budget/name into `figures`/budget, and write its summary.csv.

    An unknown name, missing or damaged tables: UserError.
    """
    if name not in FIGURES:
        raise UserError(f"{name}: no such figure; expected all or one of {', '.join(FIGURES)}")
    folder = results / budget / name
    tables = Tables.read(folder)
    references = read_references()
    paths: list[Path] = []
    for end, role in _ROLES.items():
        if end and name in _ONE_VARIANT:
            continue
        with style.styled():
            figure = _make(name, tables, references, budget, role)
        paths += style.save(figure, figures / budget, f"{name}{end}")
    if name == "fig4":
        points = _figure_4_points(tables, references)
        summary, compared = points, fidelity.figure_4_summary(points)
    else:
        summary = compared = select.summary(tables, name, references[panel_of(name).name])
    text = summary.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomically(folder / "summary.csv", text)
    return Drawn([*paths, folder / "summary.csv"], compared)


def _make(name: str, tables: Tables, references: References, budget: str, role: Role) -> Figure:
    if name == "fig4":
        return FIGURES[name](tables, references, budget=budget)
    return FIGURES[name](tables, references, budget=budget, role=role)


def _figure_4_points(tables: Tables, references: References) -> pd.DataFrame:
    runs = select.every_point(tables.runs)
    losses = fidelity.figure_4_losses(runs, tables.curves, list(FIGURE_4_EPOCHS))
    return fidelity.figure_4_points(losses, references["fig4"])
