"""Compare your own runs with the published ones, and write results/local/BUDGET/comparison.csv.

What identical, rounding, within seeds and different mean: docs/tables.md.
"""

from __future__ import annotations

import sys

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro import paths
from adamrepro.cli.console import console, tell
from adamrepro.cli.places import CommandLine, directory
from adamrepro.errors import USER
from adamrepro.results.comparable import compare_all
from adamrepro.results.comparison import Agreement, conclusion, verdict_of
from adamrepro.results.layout import SEARCH
from adamrepro.results.written import write_table


def main() -> int:
    """Compare every experiment that is published; 2 if tables are not what training writes."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_budget("quick", "full", SEARCH)
    own, record = paths.local("results"), paths.published("results")
    parser.add_argument("--results", type=directory, default=own, metavar="DIR", help="your own")
    known = "those to compare with (default: results/published)"
    parser.add_argument(
        "--with", dest="record", type=directory, default=record, metavar="DIR", help=known
    )
    asked = parser.of_a_budget()
    own, record = asked.results / asked.budget, asked.record / asked.budget
    found = compare_all(own, record)
    screen = console(columns=140)
    tell(screen, *found.notes)
    if found.table is not None:
        write_table(own / "comparison.csv", found.table)
        show(screen, found.table)
        tell(screen, own / "comparison.csv")
    for line in found.faults:
        print(line, file=sys.stderr)
    return USER if found.faults else 0


def show(screen: Console, table: pd.DataFrame) -> None:
    """Print a line per series, whose machines these are, and what it comes to."""
    counts = [str(kind) for kind in Agreement]
    shown = Table(
        *("experiment", "series", *counts, "largest, dex", "CPU s", "published", "verdict"),
        title="Your runs beside the published ones",
        box=box.SIMPLE_HEAD,
    )
    for row in table.to_dict("records"):
        numbers = (number(row[key]) for key in ("largest", "cpu_seconds", "published_cpu_seconds"))
        names = (row["experiment"], row["series"])
        cells = (str(row[key] or "") for key in counts)
        shown.add_row(*names, *cells, *numbers, verdict_of(row))
    screen.print(shown)
    for whose, column in (("yours", "machines"), ("published", "published_machines")):
        machines = dict.fromkeys(name for name in table[column] if name)
        tell(screen, *(f"machine, {whose}: {name}" for name in machines))
    tell(screen, conclusion(table))


def number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3g}"
