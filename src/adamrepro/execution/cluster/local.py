"""submitit's local jobs: processes on this machine, to try things out without a Slurm."""

import os
import signal
import time

from adamrepro.execution.cluster.jobs import Jobs
from adamrepro.execution.stopping import interrupts_blocked

GRACE_SECONDS = 30.0
"""Time that jobs have to save their state after they were told to stop."""


class LocalJobs(Jobs):
    """Jobs that end with the process that waits for them, at most array_parallelism at a time."""

    stay = False
    ended = ("FINISHED", "INTERRUPTED")

    def submit(self) -> None:
        count = min(len(self.backlog), self.cluster.array_parallelism - len(self.open))
        with interrupts_blocked():  # Ctrl-C is for this process to handle
            self.submit_new([self.backlog.popleft() for _ in range(count)])

    def states(self) -> dict[str, str]:
        return {each.job.job_id: each.job.state for each in self.open}

    def leave(self) -> str:
        """End the jobs after they saved their state."""
        end = time.monotonic() + GRACE_SECONDS
        while running := [each for each in self.open if each.job.state == "RUNNING"]:
            if time.monotonic() > end:
                break
            for each in running:  # again and again: a job that is starting may not have heard it
                os.kill(int(each.job.job_id), signal.SIGTERM)
            time.sleep(0.2)
        return ""
