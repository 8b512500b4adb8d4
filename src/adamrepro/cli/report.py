"""Write the one page that shows a reproduction, from the tables alone: claims, figures, runs.

FIGURES/BUDGET/report/index.html: self-contained, it can be sent to somebody as it is.
"""

from __future__ import annotations

from adamrepro import paths
from adamrepro.cli.places import CommandLine
from adamrepro.files import write_atomically
from adamrepro.report import Sources, page
from adamrepro.results.layout import SEARCH


def main() -> None:
    """Write the page of one budget."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_budget("quick", "smoke", "full", SEARCH)
    parser.add_places(figures=True)
    asked = parser.of_a_budget()
    record = None if paths.is_published(asked.results) else paths.published("results")
    path = asked.figures / asked.budget / "report" / "index.html"
    write_atomically(path, page(Sources.read(asked.results, asked.budget, record), paths.CHECKOUT))
    print(path)
