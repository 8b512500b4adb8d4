"""Compare your own runs with the published ones, and write results/local/BUDGET/comparison.csv.

What identical, rounding, within seeds and different mean: docs/tables.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro import paths
from adamrepro.cli.places import CommandLine
from adamrepro.files import write_atomically
from adamrepro.results.comparable import obstacles
from adamrepro.results.comparison import Agreement, compare, conclusion
from adamrepro.results.schema import Tables
from adamrepro.results.written import as_csv


def main() -> None:
    """Compare every experiment that is published."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--budget", default="quick", help="quick (default), full or search")
    own, record = paths.local("results"), paths.published("results")
    parser.add_argument("--results", type=Path, default=own, metavar="DIR", help="your own")
    parser.add_argument("--with", dest="record", type=Path, default=record, metavar="DIR")
    asked = parser.of_a_budget()
    own, record = asked.results / asked.budget, asked.record / asked.budget
    console = Console(width=None if sys.stdout.isatty() else 140)
    published = sorted(path.parent.name for path in record.glob("*/runs.csv"))
    if not published:
        print(f"{record}: nothing is published there to compare with")
        return
    there = [name for name in published if Tables.exist(own / name)]
    tables = [compare(own / name, record / name) for name in there]
    for line in obstacles(own, record, published):
        console.print(line, highlight=False, soft_wrap=True)
    if tables:
        table = pd.concat(tables, ignore_index=True)
        text = as_csv(table)
        write_atomically(own / "comparison.csv", text)
        show(console, table)
        console.print(own / "comparison.csv", highlight=False, soft_wrap=True)


def show(console: Console, table: pd.DataFrame) -> None:
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
        otherwise = "the same runs" if row["same_runs"] else "not comparable"
        shown.add_row(*names, *cells, *numbers, row["verdict"] or otherwise)
    console.print(shown)
    for whose, column in (("yours", "machines"), ("published", "published_machines")):
        for name in dict.fromkeys(name for name in table[column] if name):
            console.print(f"machine, {whose}: {name}", highlight=False, soft_wrap=True)
    console.print(conclusion(table), highlight=False, soft_wrap=True)


def number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3g}"
