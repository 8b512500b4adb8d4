"""The console with a tracker beside it, where the config asks for one."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from adamrepro.execution.report import Console
from adamrepro.runs.config import RunConfig, plain
from adamrepro.runs.planning import Job, Plan
from adamrepro.tracking.card import Settings, identity
from adamrepro.tracking.feed import News
from adamrepro.tracking.wandb import WandbTracker, tracker_for
from adamrepro.training import Progress


@contextmanager
def watched(console: Console, jobs: Sequence[Job]) -> Iterator[Console]:
    """Yield a console that passes what it is told on to the jobs' tracker, if they have one.

    jobs: the whole batch. The tracker also learns of those that need no training, unless it knows
    them: they were done before, or a kill came between their end and the tracker.
    """
    config = jobs[0].config
    tracker = tracker_for(config.tracking, config.results_root)
    if tracker is None:
        yield console
        return
    tracker.configs.update({job.run_id: resolved(job.config) for job in jobs})
    try:
        yield Watched(console, tracker, jobs)
    finally:
        tracker.close()


def resolved(config: RunConfig) -> Settings:
    """Return the whole configuration in plain values, in its sections."""
    values = ((f.name, getattr(config, f.name)) for f in dataclasses.fields(config))
    return {name: plain(v) if dataclasses.is_dataclass(v) else v for name, v in values}


class Watched:
    """A console beside which a tracker is told the curves."""

    def __init__(self, console: Console, tracker: WandbTracker, jobs: Sequence[Job]) -> None:
        self.console, self.tracker, self.jobs = console, tracker, jobs

    def begin(self, plans: Sequence[Plan]) -> None:
        """Pass on the runs that are done already."""
        to_train = {job.run_id for plan in plans for job in plan.jobs}
        done = {job.run_id: job.store for job in self.jobs if job.run_id not in to_train}
        for store in {store.tables: store for store in done.values()}.values():
            self.tracker.catch_up(store, [k for k, s in done.items() if s.tables == store.tables])
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
