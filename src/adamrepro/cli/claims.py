"""Judge the paper's claims from the tables alone, and write results/<budget>/claims.csv."""

from __future__ import annotations

import argparse
import dataclasses
import sys

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro.claims import CLAIMS, Book, Claim
from adamrepro.cli.places import add_places
from adamrepro.errors import UserError
from adamrepro.files import write_atomically


def main() -> int:
    """Judge every claim; exit status 2 for a mistake of the user's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="quick", help="smoke, quick (default) or full")
    add_places(parser)
    asked = parser.parse_args()
    folder = asked.results / asked.budget
    try:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; train first, or give --results, --budget")
        book = Book.read(asked.results, asked.budget)
        claims = [judge(book) for judge in CLAIMS.values()]
        table = pd.DataFrame([dataclasses.asdict(claim) for claim in claims])
        write_atomically(folder / "claims.csv", table.to_csv(index=False, lineterminator="\n"))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    show(claims, f"What the tables of budget {asked.budget} say about the paper's claims")
    print(folder / "claims.csv")
    return 0


def show(claims: list[Claim], title: str) -> None:
    """Print a table: claim, section, verdict, and what it rests on."""
    table = Table("claim", "section", "verdict", "sentence", "evidence", title=title)
    table.box, table.show_lines = box.SIMPLE_HEAD, True
    for claim in claims:
        words = "\n".join(part for part in (claim.evidence, claim.note, claim.reason) if part)
        table.add_row(claim.id, claim.section, str(claim.verdict), claim.sentence, words)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
