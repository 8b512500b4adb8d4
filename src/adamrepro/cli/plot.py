"""Draw figures from the tables alone (no training, no torch): plot, or plot fig1a."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro.cli.console import console, tell
from adamrepro.cli.places import CommandLine
from adamrepro.figures import FIGURES, Drawn, Style, draw
from adamrepro.results.layout import SEARCH
from adamrepro.results.schema import Tables

# In summary.csv, but too wide for a terminal.
HIDDEN = ["setting_id", "drawn", "fidelity_min", "fidelity_max", "cost_min", "cost_max", "epoch"]


def main() -> None:
    """Draw what the command line asks for."""
    parser = CommandLine(description=__doc__)
    known = f"{', '.join(FIGURES)}, or an experiment of your own"
    parser.add_argument("figure", nargs="*", help=f"of {known}; those of the paper if none")
    parser.add_budget("quick", "smoke", "full")
    parser.add_places(figures=True)
    styles = [str(style) for style in Style]
    parser.add_argument("--style", choices=styles, default=styles[0], help="colours of the lines")
    asked = parser.of_a_budget()
    screen = console()
    every = asked.figure in ([], ["all"])
    names = list(FIGURES) if every else asked.figure
    for name in names:
        if asked.budget == SEARCH and name in FIGURES:
            parser.mistake(f"{name}: a search has readings, no figure; adamrepro readings {name}")
    for name in names:
        if every and not Tables.exist(asked.results / asked.budget / name):
            screen.print(f"{name}: no tables for budget {asked.budget}, skipped")
            continue
        drawn = draw(
            name,
            results=asked.results,
            figures=asked.figures,
            budget=asked.budget,
            colours=Style(asked.style),
        )
        show(screen, name, drawn)


def show(screen: Console, name: str, drawn: Drawn) -> None:
    """Print how near the paper the curves are, and where the files lie."""
    hidden, title = HIDDEN, f"{name}: distance from the paper"
    if name not in FIGURES:
        hidden, title = [*HIDDEN, "points", "fidelity_mean"], name
    rows = drawn.fidelity.drop(columns=hidden, errors="ignore")
    table = Table(*rows.columns, title=title, box=box.SIMPLE_HEAD)
    for row in rows.itertuples(index=False):
        table.add_row(*(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row))
    screen.print(table)
    tell(screen, *drawn.paths)
