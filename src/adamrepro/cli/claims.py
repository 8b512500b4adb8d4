"""Judge the paper's claims from the tables alone.

Writes results/<budget>/claims.csv (a row per claim) and claims_evidence.csv (a row per check); with
--docs also docs/claims.md.
"""

from __future__ import annotations

import pandas as pd
from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.claims import CLAIMS, Book, Judgement, judge
from adamrepro.claims.document import document
from adamrepro.claims.words import evidence, scorecard
from adamrepro.cli.console import console
from adamrepro.cli.places import CommandLine
from adamrepro.errors import UserError
from adamrepro.files import write_atomically
from adamrepro.results.written import write_table


def main() -> None:
    """Judge every claim."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_budget("quick", "smoke", "full")
    parser.add_places()
    parser.add_docs("docs/claims.md")
    asked = parser.of_a_budget()
    folder = asked.results / asked.budget
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; train first, or give --results, --budget")
    book = Book.read(asked.results, asked.budget)
    judgements = [judge(claim, book) for claim in CLAIMS.values()]
    checks = pd.concat([evidence(judgement) for judgement in judgements], ignore_index=True)
    for name, table in (("claims", scorecard(judgements)), ("claims_evidence", checks)):
        write_table(folder / f"{name}.csv", table)
    if asked.docs:
        write_atomically(paths.docs() / "claims.md", document(judgements, asked.budget))
    show(judgements, f"What the tables of budget {asked.budget} say about the paper's claims")
    print(folder / "claims.csv")


def show(judgements: list[Judgement], title: str) -> None:
    """Print a table: claim, section, verdict, whether that is stable, and what it rests on."""
    columns = ["id", "section", "verdict", "stability", "sentence", "evidence"]
    table = Table(*columns, title=title, box=box.SIMPLE_HEAD, show_lines=True)
    for row in scorecard(judgements)[columns].itertuples(index=False):
        table.add_row(*map(str, row))
    console(columns=140).print(table)
