"""What a job runs: the training of one population, and how it meets the end of its time."""

import signal
import sys
from pathlib import Path
from types import FrameType

import submitit
from submitit.helpers import DelayedSubmission

from adamrepro.execution.attempt import attempt
from adamrepro.execution.cluster.outbox import Outbox
from adamrepro.runs.planning import Plan
from adamrepro.tracking.settings import Tracker
from adamrepro.training import End

OUT_OF_TIME = signal.Signals[f"SIG{submitit.JobEnvironment.USR_SIG}"]
"""Sent some time before the time limit, and by clusters set up so before a preemption."""


class JobBody:
    """Trains a population; submitit pickles it, and calls it in the job.

    stays: whether a job that is told to end (SIGTERM) saves its state and goes on until it is
    killed. Under Slurm it must: a preempted job that leaves by itself is not requeued.
    """

    def __init__(self, plan: Plan, outbox: Path, *, stays: bool) -> None:
        self.plan, self.outbox, self.stays = plan, outbox, stays

    def __call__(self) -> None:
        """Train to the end, from the checkpoint if there is one; the outbox says how it went."""
        received: set[int] = set()

        def note(number: int, frame: FrameType | None) -> None:
            received.add(number)

        # submitit's handler would leave in the middle of a step
        requeue = signal.getsignal(OUT_OF_TIME)
        for number in (signal.SIGTERM, OUT_OF_TIME):
            signal.signal(number, note)
        curves = self.plan.config.tracking.name is not Tracker.none
        outbox = Outbox(self.outbox, curves=curves, stop=lambda: bool(received))
        while (outcome := attempt(self.plan, outbox)).end is End.interrupted:
            if OUT_OF_TIME in received and callable(requeue):
                requeue(OUT_OF_TIME, None)  # pickles what `checkpoint` gives, and leaves
            if not self.stays:
                sys.exit(128 + signal.SIGTERM)
            received.discard(signal.SIGTERM)
        sys.stderr.write(outcome.trace)
        outbox.hear(outcome)

    def checkpoint(self) -> DelayedSubmission:
        """Return what the requeued job is to run: this, which finds its state by itself."""
        return DelayedSubmission(self)
