"""Telling W&B of runs that are in the tables, and of the figures drawn from them."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.checksum import verify
from adamrepro.results.layout import experiments_in, tables_in
from adamrepro.results.rows import Row, read_curves, read_rows
from adamrepro.results.schema import RUN_ID_COLUMNS, RUN_RECORD_COLUMNS
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
    there = experiments_in(results / budget)
    if not there:
        raise UserError(f"{results / budget}: no tables; expected one of {tables_in(results)}")
    for experiment in experiments or there:
        store = Store(results, budget, experiment)
        if not (store.tables / "runs.csv").exists():
            raise UserError(f"{store.tables}: no tables; expected one of {there}")
        rows = [row["run_id"] for row in read_rows(store.tables / "runs.csv")]
        missing = untold(session, store, rows)
        for run, curve in finished_runs(store, missing):
            card = card_of(store.table, run)
            session.log(card, points_of(curve))
            session.finish(card.id, summary_of(run, curve))
        count.runs += len(missing)
        count.known += len(rows) - len(missing)
        images = {path.stem: path for path in pictures(figures / budget, experiment)}
        if images:
            count.figures += show(session, budget, experiment, images)
    return count


def untold(session: Session, store: Store, wanted: Iterable[str]) -> list[str]:
    """Return those of the runs `wanted` that W&B was not told to the end, in this mode."""
    experiment, told = store.tables.name, session.finished.entries()
    return [key for key in wanted if identity(store.table, experiment, key) not in told]


def finished_runs(store: Store, wanted: Collection[str]) -> Iterator[tuple[Row, list[Row]]]:
    """Yield the row and the curve of the finished runs among `wanted`, in the tables or not yet.

    Raises UserError for a damaged table.
    """
    # these first: a run that is moved into the tables meanwhile is then found there
    saved = {key: found for key in wanted if (found := store.saved(key))}
    runs = {row["run_id"]: row for row in read_rows(store.tables / "runs.csv")}
    curves = read_curves(store.tables / "curves.csv", runs)
    verify(store.tables, runs, curves)
    blank = dict.fromkeys((*RUN_ID_COLUMNS, *RUN_RECORD_COLUMNS), "")
    for key in wanted:
        if key in saved:
            run, curve = saved[key]
            yield blank | run, curve
        elif key in runs:
            yield runs[key], curves[key]


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
