"""A batch of runs from beginning to end: identify, plan, execute, collect."""

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console as Screen
from rich.table import Table

from adamrepro.errors import require
from adamrepro.execution.cluster.jobs import run_on_cluster
from adamrepro.execution.cluster.settings import Cluster
from adamrepro.execution.gpus import visible_gpus
from adamrepro.execution.processes import run_in_processes
from adamrepro.execution.report import Report
from adamrepro.execution.serial import run_serially
from adamrepro.execution.watched import watched
from adamrepro.paths import published
from adamrepro.runs.config import RunConfig
from adamrepro.runs.machine import device_of
from adamrepro.runs.planning import Job, Plan, identify, plan
from adamrepro.tracking.console import ProgressConsole

SMALL_BATCH = 50_000
"""Member-examples below which a batch is trained here: workers need seconds to start."""


class RunsFailed(Exception):
    """Some populations of a batch failed; the others are done and in the tables."""


def run_batch(
    configs: Sequence[RunConfig], *, processes: bool, cluster: Cluster | None = None
) -> list[Job]:
    """Bring all these runs into the tables, training what is missing; return their identities.

    Trains on a cluster if one is given, else in worker processes where that helps, or here.

    Raises UserError, before anything is trained, for a mistake in a config or in the data, for
    tables that were changed by hand and for a folder that cannot be written; Stopped when
    interrupted (finished runs are collected, unfinished ones resume); RunsFailed after printing
    what failed and why.
    """
    own = all(each.results_root.absolute() != published("results") for each in configs)
    require(own, "results", configs[0].results, "a folder of your own: training publishes nothing")
    screen = Screen(stderr=True)
    configs = cluster.placed(configs) if cluster else configs
    jobs = identify(configs)
    stores = {job.store.tables: job.store for job in jobs}
    for store in stores.values():
        store.check()
    adopt(jobs)
    plans = sorted(plan(jobs), key=lambda p: -p.work)
    for tables in {p.store.tables for p in plans}:
        stores[tables].check_writable()
    missing = sum(len(p.jobs) for p in plans)
    name = f"{configs[0].budget}/{configs[0].experiment}"
    distinct = len({job.run_id for job in jobs})
    screen.print(f"{name}: {distinct} runs, {distinct - missing} done, {missing} to train")
    try:
        report = execute(jobs, plans, processes=processes, cluster=cluster)
    finally:
        for store in stores.values():
            store.collect()
    if report.failed:
        screen.print(failures(report))
        raise RunsFailed(f"{len(report.failed)} of {len(plans)} populations failed")
    return jobs


def adopt(jobs: Sequence[Job]) -> None:
    """Take over what other budgets have trained already, and what `take_over` holds."""
    by_table: dict[Path, list[Job]] = {}
    for job in jobs:
        by_table.setdefault(job.store.tables, []).append(job)
    for group in by_table.values():
        other = group[0].config.take_over
        also = [Path(other).expanduser()] if other else []
        group[0].store.adopt({job.run_id: job.labels for job in group}, also)


def execute(
    jobs: Sequence[Job], plans: Sequence[Plan], *, processes: bool, cluster: Cluster | None = None
) -> Report:
    """Train the populations that the jobs still need, in processes where that helps."""
    config = jobs[0].config
    with ProgressConsole() as screen, watched(screen, jobs) as console:
        if not plans:
            console.begin(plans)
            return Report()
        if cluster:
            return run_on_cluster(plans, cluster, console)
        small = sum(p.examples * len(p.jobs) for p in plans) < SMALL_BATCH
        if not processes or small or len(plans) == 1:
            return run_serially(plans, console)
        gpus = visible_gpus() if device_of(config).type == "cuda" else []
        workers = config.execution.workers or len(gpus) or len(os.sched_getaffinity(0))
        return run_in_processes(plans, min(len(plans), workers), console, gpus)


def failures(report: Report) -> Table:
    table = Table("population", "reason", title="failed")
    for failed, reason in report.failed:
        table.add_row(failed.title, reason)
    return table
