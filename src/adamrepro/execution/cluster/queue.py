"""Where Slurm's jobs stand, from squeue: sacct needs an accounting that not every cluster has."""

import os
import subprocess
from collections.abc import Iterable

import submitit

ENDED = (
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
    *("OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    *("FINISHED", "INTERRUPTED"),  # of submitit's local jobs
)
"""States in which a job trains no more, though Slurm may requeue it in a moment."""

GONE = "GONE"
"""The state of a job that Slurm has forgotten, minutes after its end."""


class NoAnswer(Exception):
    """Slurm does not answer; its controller may be restarting."""


def slurm_states() -> dict[str, str]:
    """Return the states of the user's jobs by their ids, each task of an array by its own.

    What a job is waiting for stands behind its state: PENDING (Resources).
    """
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T|%r"]
    try:
        done = subprocess.run(
            [*command, f"--user={os.getuid()}"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAnswer(str(error)) from None
    if done.returncode:
        raise NoAnswer((done.stderr.strip() or "no message").splitlines()[-1])
    states = {}
    for line in done.stdout.splitlines():
        job, state, reason = line.strip().split("|", 2)
        states[job] = f"{state} ({reason})" if state == "PENDING" else state
    return states


def local_states(jobs: Iterable[submitit.Job[str]]) -> dict[str, str]:
    """Return the states of submitit's local jobs."""
    return {job.job_id: job.state for job in jobs}
