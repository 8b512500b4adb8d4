"""Telling W&B of runs that are in the tables, and of the figures drawn from them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.checksum import verify
from adamrepro.results.rows import read_curves, read_rows
from adamrepro.results.store import Store
from adamrepro.tracking.card import Card, card_of, identity, points_of, summary_of
from adamrepro.tracking.session import Session


@dataclass
class Exported:
    """How many runs and pictures W&B was told of, and how many it knew."""

    runs: int = 0
    figures: int = 0
    known: int = 0


def export(
    session: Session, results: Path, figures: Path, budget: str, experiments: Sequence[str] = ()
) -> Exported:
    """Report the finished runs and the figures of these experiments, or of all that have tables.

    What finished.txt lists is skipped, so that this may be interrupted and repeated. Raises
    UserError for a damaged table or none, and what W&B raises if it refuses.
    """
    count = Exported()
    for experiment in experiments or found(results / budget):
        store = Store(results, budget, experiment)
        if not (store.tables / "runs.csv").exists():
            raise UserError(f"{store.tables}: no tables; expected one of {found(results / budget)}")
        runs = {row["run_id"]: row for row in read_rows(store.tables / "runs.csv")}
        curves = read_curves(store.tables / "curves.csv", runs)
        verify(store.tables, runs, curves)
        for key, run in runs.items():
            card = card_of(store.table, run)
            if card.id in session.finished:
                count.known += 1
            else:
                session.log(card, points_of(curves[key]))
                session.finish(card.id, summary_of(run, curves[key]))
                count.runs += 1
        images = {path.stem: path for path in pictures(figures / budget, experiment)}
        if images:
            count.figures += show(session, budget, experiment, images)
    return count


def found(folder: Path) -> list[str]:
    """Return the experiments that have tables."""
    return sorted(path.parent.name for path in folder.glob("*/runs.csv"))


def pictures(folder: Path, experiment: str) -> list[Path]:
    return sorted([*folder.glob(f"{experiment}.png"), *folder.glob(f"{experiment}_*.png")])


def show(session: Session, budget: str, experiment: str, images: dict[str, Path]) -> int:
    """Report an experiment's pictures as one run, again when one was redrawn; return how many."""
    content = b"".join(path.read_bytes() for path in images.values())
    entry = f"{budget}-{experiment}-figures {hashlib.sha256(content).hexdigest()[:12]}"
    if entry in session.finished:
        return 0
    card = Card(
        id=identity(budget, experiment, "figures"),
        name=f"{experiment} figures",
        group=f"{experiment} {budget}",
        job_type="figures",
        tags=(experiment, budget),
        config={"experiment": experiment, "table": budget},
    )
    session.show(card, images)
    session.finished.add(entry)
    return len(images)
