"""A batch as jobs of a cluster: submitted, or found again, and waited for."""

import signal
import time
from collections.abc import Sequence

from adamrepro.errors import Stopped
from adamrepro.execution.board import Board
from adamrepro.execution.cluster.jobs import Jobs
from adamrepro.execution.cluster.local import LocalJobs
from adamrepro.execution.cluster.settings import Cluster, Where
from adamrepro.execution.cluster.slurm import SlurmJobs
from adamrepro.execution.stopping import stop_on
from adamrepro.runs.planning import Plan

JOBS: dict[Where, type[Jobs]] = {Where.slurm: SlurmJobs, Where.local: LocalJobs}


def run_on_cluster(plans: Sequence[Plan], cluster: Cluster, board: Board) -> None:
    """Submit populations, or find their jobs again, and wait for them.

    Raises UserError for jobs that the cluster refuses, and Stopped on Ctrl-C or SIGTERM: jobs of
    Slurm go on then, local ones save their state and leave.
    """
    board.begin(plans)
    with stop_on(signal.SIGINT, signal.SIGTERM) as flag:
        jobs = JOBS[cluster.cluster](plans, cluster, board)
        try:
            while (jobs.backlog or jobs.open) and not flag():
                jobs.submit()
                jobs.look()
                pause = cluster.poll_seconds if jobs.open else 0.0
                end = time.monotonic() + pause
                while time.monotonic() < end and not flag():
                    time.sleep(0.05)
        finally:
            farewell = jobs.leave()
        if flag():
            raise Stopped(farewell)
