"""A batch of runs from beginning to end: identify, plan, execute, collect."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console as Screen
from rich.table import Table

from adamrepro.errors import RunsFailed, UserError, counted, require
from adamrepro.execution.board import Board, board_of
from adamrepro.execution.cluster.run import run_on_cluster
from adamrepro.execution.cluster.settings import Cluster
from adamrepro.execution.gpus import visible_gpus
from adamrepro.execution.processes import run_in_processes
from adamrepro.execution.serial import run_serially
from adamrepro.paths import is_published
from adamrepro.results.kinds import Role
from adamrepro.runs.config import RunConfig
from adamrepro.runs.machine import cores, device_of
from adamrepro.runs.planning import Plan, Run, identify, plan

SMALL_BATCH = 50_000
"""Member-examples below which a batch is trained here: workers need seconds to start."""


def run_batch(
    configs: Sequence[RunConfig], *, processes: bool, cluster: Cluster | None = None
) -> list[Run]:
    """Bring all these runs into the tables, training what is missing; return their identities.

    Trains on a cluster if one is given, else in worker processes where that helps, or here.

    Raises UserError, before anything is trained, for a mistake in a config or in the data, for
    tables that were changed by hand and for a folder that cannot be written; Stopped when
    interrupted (finished runs are collected, unfinished ones resume); RunsFailed after printing
    what failed and why.
    """
    if not configs:
        raise UserError("no runs: every sweep of the experiment is null at this budget")
    for root in {each.results_root for each in configs}:
        own = "a folder of your own: training publishes nothing"
        require(not is_published(root), "results", root, own)
    screen = Screen(stderr=True, markup=False, highlight=False)
    configs = cluster.placed(configs) if cluster else configs
    runs = identify(configs)
    stores = {run.store.tables: run.store for run in runs}
    for store in stores.values():
        store.check()
    adopt(runs)
    plans = sorted(plan(runs), key=lambda p: -p.work)
    for tables in {p.store.tables for p in plans}:
        stores[tables].check_writable()
    missing = sum(len(p.runs) for p in plans)
    name = ", ".join(f"{store.table}/{store.tables.name}" for store in stores.values())
    distinct = len({run.run_id for run in runs})
    kind = "confirmation run" if {c.role for c in configs} == {Role.CONFIRM} else "run"
    of_all = counted(distinct, kind)
    screen.print(f"{name}: {of_all}, {distinct - missing} done, {missing} to train")
    try:
        with board_of(runs) as board:
            execute(plans, board, processes=processes, cluster=cluster)
    finally:
        for store in stores.values():
            store.collect()
    if board.failed:
        screen.print(failures(board))
        for log in board.logs:
            screen.print(f"where: {log}", soft_wrap=True)
        lost = {run.run_id for failed, _ in board.failed for run in failed.runs}
        raise RunsFailed(
            f"{len(board.failed)} of {counted(len(plans), 'population')} failed",
            [None if run.run_id in lost else run.run_id for run in runs],
        )
    if plans and processes:
        for tables in stores:
            screen.print(f"tables: {tables}", soft_wrap=True)
    return runs


def adopt(runs: Sequence[Run]) -> None:
    """Take over what other budgets have trained already, and what `take_over` holds."""
    by_table: dict[Path, list[Run]] = {}
    for run in runs:
        by_table.setdefault(run.store.tables, []).append(run)
    for group in by_table.values():
        other = group[0].config.take_over
        also = [Path(other).expanduser()] if other else []
        group[0].store.adopt({run.run_id: run.labels for run in group}, also)


def execute(
    plans: Sequence[Plan], board: Board, *, processes: bool, cluster: Cluster | None = None
) -> None:
    """Train populations: on the cluster if there is one, in processes where that helps, or here."""
    small = sum(p.examples * len(p.runs) for p in plans) < SMALL_BATCH
    if not plans:
        board.begin(plans)
    elif cluster:
        run_on_cluster(plans, cluster, board)
    elif not processes or small or len(plans) == 1:
        run_serially(plans, board)
    else:
        config = plans[0].config
        gpus = visible_gpus() if device_of(config).type == "cuda" else []
        workers = config.execution.workers or len(gpus) or cores()
        run_in_processes(plans, min(len(plans), workers), board, gpus)


def failures(board: Board) -> Table:
    table = Table("population", "reason", title="failed")
    for failed, reason in board.failed:
        table.add_row(failed.title, reason)
    return table
