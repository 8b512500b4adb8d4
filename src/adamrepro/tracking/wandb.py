"""Reporting runs to W&B while they train, from a thread of its own that training never waits for.

A point of a curve goes from the loop to its listener (here, or at the other end of a pipe or a
file), from there to the tracker of this module, and by its thread to W&B's own library.

A failure costs the reports, never the training: W&B online that cannot be had is replaced by
files, and where those cannot be written either, reporting ends, after one warning.
"""

import logging
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from adamrepro.errors import in_a_line
from adamrepro.results.rows import Row
from adamrepro.results.store import Store
from adamrepro.tracking.card import (
    Card,
    Point,
    Settings,
    card_of,
    identity,
    points_of,
    summary_of,
)
from adamrepro.tracking.export import finished_runs, untold
from adamrepro.tracking.session import Session, Unwritable
from adamrepro.tracking.settings import Mode, Tracker, Tracking, folder_of

log = logging.getLogger(__name__)

CLOSE_SECONDS = 90.0
"""How long the end of a batch waits for W&B where nothing moves."""

REMEDY = "the same command, or adamrepro sync-wandb, reports what is missing"

FAILED = 1
"""Exit status told to W&B of a run that failed or was interrupted."""

_warned = threading.Event()


def warn(message: str) -> None:
    """Warn once per process, however many batches it trains."""
    if not _warned.is_set():
        _warned.set()
        log.warning("W&B: %s", message)


class WandbTracker:
    """Tells W&B what populations in training say, in the order in which they say it.

    configs: by run_id, the whole configuration of the runs it will hear of, where that is known.
    """

    def __init__(self, settings: Tracking, mode: Mode, results: Path) -> None:
        self.configs: dict[str, Settings] = {}
        self.make = partial(
            Session,
            settings.chosen_project(),
            settings.entity,
            folder=folder_of(results),
            statistics=settings.statistics,
        )
        self.session: Session | None = self.make(mode=mode)
        self.told = 0  # grows as long as W&B takes what it is given
        self.known: dict[str, tuple[Card, dict[int, Point]]] = {}
        self.tasks: queue.SimpleQueue[Callable[[Session], None] | None] = queue.SimpleQueue()
        # a daemon, so that a process can end though W&B hangs
        self.thread = threading.Thread(target=self.work, name="wandb", daemon=True)
        self.thread.start()

    def update(self, table: str, run: Row, points: Sequence[Row]) -> None:
        """Pass on new points of a run of results/`table`, and its row so far; returns at once."""
        self.tasks.put(partial(self._update, table, run, points))

    def finish(self, table: str, run: Row, curve: Sequence[Row]) -> None:
        """Pass on a finished run: its row and its whole curve; returns at once."""
        self.tasks.put(partial(self._finish, table, run, curve))

    def catch_up(self, store: Store, wanted: Collection[str]) -> None:
        """Pass on those of the finished runs `wanted` that W&B was not told of; returns at once."""
        self.tasks.put(partial(self._catch_up, store, wanted))

    def abandon(self, name: str, reason: str) -> None:
        """Close a run, if it is open, as failed; returns at once."""
        self.tasks.put(partial(self._abandon, name, reason))

    def close(self) -> None:
        """Wait until W&B was told everything, but not for ever."""
        self.tasks.put(self._abandon_all)
        self.tasks.put(None)
        before = -1
        while self.thread.is_alive() and self.told > before:
            before = self.told
            self.thread.join(CLOSE_SECONDS)
        if self.thread.is_alive():
            warn(f"no answer; {REMEDY}")

    def work(self) -> None:
        """Carry out the tasks, one at a time (the thread's main function)."""
        for task in iter(self.tasks.get, None):
            while self.session is not None:
                try:
                    task(self.session)
                    self.told += 1
                    break
                except Exception as error:
                    self.session = self.instead_of(self.session, error)

    def instead_of(self, session: Session, error: Exception) -> Session | None:
        """Return what to go on with after a failure: files if W&B was online, else nothing."""
        session.quit()
        reason = in_a_line(error).rstrip(".")
        if session.online and not isinstance(error, Unwritable):
            warn(f"{reason}; going on offline; upload afterwards: wandb sync {session.folder}")
            return self.make(mode=Mode.offline)
        warn(f"{reason}; training goes on without it; {REMEDY}")
        return None

    def card(self, table: str, run: Row) -> Card:
        return card_of(table, run, self.configs.get(run["run_id"]))

    def _update(self, table: str, run: Row, new: Sequence[Row], session: Session) -> None:
        name = identity(table, run["experiment"], run["run_id"])
        if name not in self.known:
            self.known[name] = (self.card(table, run), {})
        card, points = self.known[name]
        points.update(points_of(new))
        session.log(card, points)

    def _finish(self, table: str, run: Row, curve: Sequence[Row], session: Session) -> None:
        card = self.card(table, run)
        if card.id not in self.known and card.id in session.finished:
            return  # another process trained it, and told W&B
        _, points = self.known.get(card.id, (card, {}))
        session.log(card, points_of(curve) | points)
        session.finish(card.id, summary_of(run, curve))
        self.known.pop(card.id, None)

    def _catch_up(self, store: Store, wanted: Collection[str], session: Session) -> None:
        if missing := untold(session, store, wanted):
            for run, curve in finished_runs(store, missing):
                self._finish(store.table, run, curve, session)
                self.told += 1

    def _abandon(self, name: str, reason: str, session: Session) -> None:
        if name in self.known:
            session.log(*self.known[name])
            session.finish(name, {"status": reason}, FAILED)
            del self.known[name]

    def _abandon_all(self, session: Session) -> None:
        for name in list(self.known):
            self._abandon(name, "interrupted", session)


def tracker_for(settings: Tracking, results: Path) -> WandbTracker | None:
    """Return what runs are reported to, if anything; raises UserError for an unknown WANDB_MODE."""
    if settings.name is not Tracker.wandb:
        return None
    mode = settings.chosen_mode()
    return WandbTracker(settings, mode, results) if mode else None
