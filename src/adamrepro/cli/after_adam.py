"""Say how rules that came after Adam stand beside it on the paper's tasks, and which betas suit it.

From the tables of configs/experiment/after_adam. Writes results/<budget>/after_adam.csv and three
figures; with --docs also docs/after-adam.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.beyond.after_adam import BetaMap, Ranking, beta_map, ranking
from adamrepro.beyond.after_adam_page import page, table
from adamrepro.cli.console import console
from adamrepro.cli.places import CommandLine
from adamrepro.cli.tables import trained
from adamrepro.figures import after_adam as drawing
from adamrepro.figures import style
from adamrepro.files import write_atomically
from adamrepro.results import damage
from adamrepro.results.tasks import BASELINE, TASKS
from adamrepro.results.written import write_table


def main() -> None:
    """Rank what was trained, and draw it."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_budget("full", "smoke")
    parser.add_places(figures=True)
    parser.add_docs("docs/after-adam.md")
    asked = parser.of_a_budget()
    folder, pictures = asked.results / asked.budget, asked.figures / asked.budget
    rankings, maps = judged(folder)
    write_table(folder / "after_adam.csv", table(rankings))
    drawn = draw(rankings, maps, pictures)
    if asked.docs:
        place = f"figures/published/{asked.budget}"
        write_atomically(paths.docs() / "after-adam.md", page(rankings, maps, place))
    show(rankings)
    for path in (folder / "after_adam.csv", *drawn):
        print(path)


def judged(folder: Path) -> tuple[list[Ranking], list[BetaMap]]:
    """Rank the rules, and map the betas, on those tasks that were trained."""
    kinds = ("after_adam_", "after_adam_betas_")
    tables = trained({kind + name: folder / (kind + name) for kind in kinds for name in TASKS})
    ranked, mapped = (
        {task: tables[kind + name] for name, task in TASKS.items() if kind + name in tables}
        for kind in kinds
    )
    with damage.shown(folder):
        return (
            [ranking(task, own) for task, own in ranked.items()],
            [beta_map(task, own) for task, own in mapped.items()],
        )


def draw(rankings: Sequence[Ranking], maps: Sequence[BetaMap], folder: Path) -> list[Path]:
    """Draw what there are tables for."""
    with style.styled():
        pages = {}
        if rankings:
            ranks = {found.task: found.ranks for found in rankings}
            pages["ranks"] = drawing.ranks(ranks, BASELINE)
            pages["steps"] = drawing.steps({found.task: found.steps for found in rankings})
        if maps:
            pages["betas"] = drawing.betas(
                {found.task: (found.above, found.at_end) for found in maps}
            )
    return [
        path
        for name, figure in pages.items()
        for path in style.save(figure, folder, f"after_adam_{name}")
    ]


def show(rankings: Sequence[Ranking]) -> None:
    """Print a line per rule: how far it ends above tuned Adam on each task."""
    title = "at the end, in dex above tuned Adam"
    shown = Table("rule", *(found.task for found in rankings), title=title, box=box.SIMPLE_HEAD)
    for name in dict.fromkeys(name for found in rankings for name in found.standings):
        cells = []
        for found in rankings:
            of = found.standings.get(name)
            said = f"{of.dex['at the end'].mean:+.3f} {of.verdicts['at the end']}" if of else ""
            cells.append(said)
        shown.add_row(name, *cells)
    if rankings:
        console().print(shown)
