"""Where the populations of a batch are followed: the console, a tracker, and what failed."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console as Screen

from adamrepro.errors import Stopped, UserError
from adamrepro.files import write_atomically
from adamrepro.results.rows import as_text
from adamrepro.runs.config import RunConfig, plain
from adamrepro.runs.planning import Plan, Run
from adamrepro.tracking.card import RATE, Settings, identity
from adamrepro.tracking.console import ProgressConsole
from adamrepro.tracking.wandb import WandbTracker, tracker_for
from adamrepro.training import End, Ended, Message, Points, Progress, Started


class Board:
    """Hears what each population of a batch says, whichever way it came here.

    runs: the whole batch. The tracker also learns of those that need no training, unless it knows
    them: they were done before, or a kill came between their end and the tracker. failed: the
    populations that failed, each with the reason.
    """

    def __init__(
        self,
        runs: Sequence[Run] = (),
        console: ProgressConsole | None = None,
        tracker: WandbTracker | None = None,
    ) -> None:
        self.runs, self.tracker = runs, tracker
        self.console = console or ProgressConsole(Screen(quiet=True))
        self.failed: list[tuple[Plan, str]] = []
        self.logs: list[Path] = []
        self.rows: dict[str, Sequence[Mapping[str, str]]] = {}

    def begin(self, plans: Sequence[Plan]) -> None:
        """Show what is to be trained; the tracker hears of the rest, which is done already."""
        if self.tracker:
            to_train = {run.run_id for plan in plans for run in plan.runs}
            done = {run.run_id: run.store for run in self.runs if run.run_id not in to_train}
            for store in {store.tables: store for store in done.values()}.values():
                of_store = [key for key, s in done.items() if s.tables == store.tables]
                self.tracker.catch_up(store, of_store)
        self.console.begin(plans)

    def waiting(self, text: str) -> None:
        """Show where the jobs of a cluster stand."""
        self.console.waiting(text)

    def hear(self, plan: Plan, message: Message) -> None:
        """Pass on what a population says.

        Raises UserError for a mistake of the user's, and Stopped for a population that was stopped:
        both end the batch.
        """
        match message:
            case Progress():
                self.console.progress(plan, message)
            case Started():
                self.rows[plan.identity] = message.runs
            case Points() if self.tracker:
                rows = self.rows[plan.identity]
                for member, row in message.rows:
                    point = as_text({**row, RATE: message.examples_per_second})
                    self.tracker.update(plan.store.table, dict(rows[member]), [point])
            case Ended():
                self.end(plan, message)

    def end(self, plan: Plan, outcome: Ended) -> None:
        """Note how a population ended; the tracker is told the runs that were saved."""
        if outcome.end is End.mistake:
            raise UserError(outcome.problem)
        if outcome.end is End.interrupted:
            raise Stopped
        if outcome.end is End.failed:
            self.failed.append((plan, outcome.problem))
            if outcome.trace:
                self.logs.append(plan.store.in_flight / f"{plan.identity}.log")
                write_atomically(self.logs[-1], outcome.trace)
        if self.tracker:
            table, done = plan.store.table, plan.store.done()
            for run in plan.runs:
                if saved := plan.store.saved(run.run_id):
                    self.tracker.finish(table, *saved)
                elif run.run_id in done:  # another command has collected it
                    self.tracker.catch_up(plan.store, [run.run_id])
                else:
                    name = identity(table, plan.config.experiment, run.run_id)
                    self.tracker.abandon(name, outcome.problem)
        self.console.end(plan, outcome.problem)


@contextmanager
def board_of(runs: Sequence[Run]) -> Iterator[Board]:
    """Yield the board of a batch, with the tracker that its config asks for."""
    config = runs[0].config
    tracker = tracker_for(config.tracking, config.results_root)
    if tracker:
        tracker.configs.update({run.run_id: resolved(run.config) for run in runs})
    with ProgressConsole() as console:
        try:
            yield Board(runs, console, tracker)
        finally:
            if tracker:
                tracker.close()


def resolved(config: RunConfig) -> Settings:
    """Return the whole configuration in plain values, in its sections."""
    values = ((f.name, getattr(config, f.name)) for f in dataclasses.fields(config))
    return {name: plain(v) if dataclasses.is_dataclass(v) else v for name, v in values}
