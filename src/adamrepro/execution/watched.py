"""The console with a tracker beside it, where the config asks for one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from adamrepro.app import Plan
from adamrepro.config import RunConfig
from adamrepro.execution.report import Console
from adamrepro.tracking.card import identity
from adamrepro.tracking.feed import News
from adamrepro.tracking.wandb import WandbTracker, tracker_for
from adamrepro.training import Progress


@contextmanager
def watched(console: Console, config: RunConfig) -> Iterator[Console]:
    """Yield a console that passes what it is told on to the config's tracker, if there is one."""
    tracker = tracker_for(config.tracking, config.results_root)
    if tracker is None:
        yield console
        return
    try:
        yield Watched(console, tracker)
    finally:
        tracker.close()


class Watched:
    """A console beside which a tracker is told the curves."""

    def __init__(self, console: Console, tracker: WandbTracker) -> None:
        self.console, self.tracker = console, tracker

    def begin(self, plans: Sequence[Plan]) -> None:
        self.console.begin(plans)

    def waiting(self, text: str) -> None:
        self.console.waiting(text)

    def progress(self, plan: Plan, progress: Progress) -> None:
        self.console.progress(plan, progress)

    def news(self, plan: Plan, news: Sequence[News]) -> None:
        self.tracker.update(plan.store.table, news)

    def end(self, plan: Plan, problem: str = "") -> None:
        """Pass on the finished runs as they were saved, and which did not get so far."""
        table = plan.store.table
        for job in plan.jobs:
            finished = plan.store.saved(job.run_id)
            if finished:
                self.tracker.finish(table, *finished)
            else:
                self.tracker.abandon(identity(table, plan.config.experiment, job.run_id), problem)
        self.console.end(plan, problem)
