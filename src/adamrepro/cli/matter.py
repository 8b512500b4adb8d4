"""Say whether details in which implementations differ matter on the paper's tasks.

From the tables of configs/experiment/matter. Writes results/<budget>/matter.csv; with --docs also
docs/does-it-matter.md.
"""

from __future__ import annotations

from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.beyond.matter import MATTER_TASKS, effects
from adamrepro.beyond.matter_page import page, table
from adamrepro.claims.effects import MEASURES
from adamrepro.cli.console import console
from adamrepro.cli.places import CommandLine
from adamrepro.cli.tables import trained
from adamrepro.files import write_atomically
from adamrepro.results import damage
from adamrepro.results.written import write_table


def main() -> None:
    """Measure every detail that was trained."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_budget("full", "smoke")
    parser.add_places()
    parser.add_docs("docs/does-it-matter.md")
    asked = parser.of_a_budget()
    folder = asked.results / asked.budget
    tables = trained({name: folder / name for name in MATTER_TASKS})
    with damage.shown(folder):
        found = list(effects(tables))
    write_table(folder / "matter.csv", table(found))
    if asked.docs:
        write_atomically(paths.docs() / "does-it-matter.md", page(found))
    shown = Table("question", "task", "series", "than", *MEASURES, box=box.SIMPLE_HEAD)
    for effect in found:
        cells = [f"{effect.dex[name].mean:+.3g} {effect.answers[name]}" for name in MEASURES]
        task = MATTER_TASKS[effect.task]
        shown.add_row(effect.question.title, task, effect.series, effect.than, *cells)
    console(columns=160).print(shown)
    print(folder / "matter.csv")
