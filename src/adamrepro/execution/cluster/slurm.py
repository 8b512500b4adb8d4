"""Slurm's jobs: one array, a population per task, which go on when nobody waits for them.

The same command finds them again by the file `<population>.job` in the store. Where they stand is
asked of squeue: sacct needs an accounting that not every cluster has.
"""

import os
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import submitit

from adamrepro.errors import UserError
from adamrepro.execution.cluster.jobs import GONE, Jobs, NoAnswer, Submitted
from adamrepro.files import write_atomically
from adamrepro.runs.planning import Plan
from adamrepro.training import Ended


class SlurmJobs(Jobs):
    """Jobs of Slurm, which keeps to array_parallelism itself."""

    stay = True
    ended = (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
        *("OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    )

    def submit(self) -> None:
        """Submit all at once what no earlier call has submitted."""
        if not self.backlog:
            return
        stores = {plan.store.tables: plan.store for plan in self.backlog}
        with ExitStack() as locked:
            # another parent may be about to do the same; in order, so that none waits for the other
            for tables in sorted(stores):
                locked.enter_context(stores[tables].lock("jobs"))
            try:
                states = self.states()
            except NoAnswer as error:
                raise UserError(f"{error}; is this machine part of a cluster?") from None
            new = [plan for plan in self.backlog if not self.find_again(plan, states)]
            for each in self.submit_new(new):
                write_atomically(record_of(each.plan), each.job.job_id)
            self.backlog.clear()

    def find_again(self, plan: Plan, states: dict[str, str]) -> bool:
        """Wait for the job of an earlier call, if it is in the queue or runs."""
        with suppress(FileNotFoundError):
            job_id = record_of(plan).read_text()
            if states.get(job_id, GONE) not in (*self.ended, GONE):
                self.watch(plan, submitit.SlurmJob(self.folder, job_id))
                return True
        return False

    def states(self) -> dict[str, str]:
        """Return the states of all of the user's jobs, each task of an array by its own id.

        What a job is waiting for stands behind its state: PENDING (Resources).
        """
        command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T|%r"]
        try:
            done = subprocess.run(
                [*command, f"--user={os.getuid()}"], capture_output=True, text=True, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoAnswer(f"squeue: {error}") from None
        if done.returncode:
            raise NoAnswer(f"squeue: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        states = {}
        for line in done.stdout.splitlines():
            job, state, reason = line.strip().split("|", 2)
            states[job] = f"{state} ({reason})" if state == "PENDING" else state
        return states

    def close(self, each: Submitted, outcome: Ended) -> None:
        record_of(each.plan).unlink(missing_ok=True)
        super().close(each, outcome)

    def leave(self) -> str:
        arrays = " ".join(sorted({each.job.job_id.partition("_")[0] for each in self.open}))
        return arrays and (
            f"stopped waiting: job {arrays} goes on, and the same command waits for it again; "
            f"`scancel {arrays}` ends it, and what it has trained is kept"
        )


def record_of(plan: Plan) -> Path:
    """Return the file that says which of Slurm's jobs trains a population."""
    return plan.store.in_flight / f"{plan.identity}.job"
