"""What a job runs: the training of one population, and how it meets the end of its time."""

import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import submitit
from submitit.helpers import DelayedSubmission

from adamrepro.errors import UserError
from adamrepro.execution.cluster.outbox import Outbox
from adamrepro.execution.serial import explain
from adamrepro.runs.planning import Plan
from adamrepro.runs.train import train
from adamrepro.training import Interrupted

OUT_OF_TIME = signal.Signals[f"SIG{submitit.JobEnvironment.USR_SIG}"]
"""Sent some time before the time limit, and by clusters set up so before a preemption."""


class Task:
    """Trains a population; submitit pickles it, and calls it in the job.

    stays: whether a job that is told to end (SIGTERM) saves its state and goes on until it is
    killed. Under Slurm it must: a preempted job that leaves by itself is not requeued.
    """

    def __init__(self, plan: Plan, outbox: Path, *, stays: bool) -> None:
        self.plan, self.outbox, self.stays = plan, outbox, stays

    def __call__(self) -> str:
        """Train to the end, from the checkpoint if there is one; return what went wrong, or ""."""
        received: set[int] = set()

        def note(number: int, frame: FrameType | None) -> None:
            received.add(number)

        # submitit's handler would leave in the middle of a step
        requeue = signal.getsignal(OUT_OF_TIME)
        for number in (signal.SIGTERM, OUT_OF_TIME):
            signal.signal(number, note)
        outbox = Outbox(self.outbox)
        while True:
            try:
                train(self.plan, outbox.progress, lambda: bool(received), outbox.news)
                return ""
            except Interrupted:  # the state is saved
                if OUT_OF_TIME in received and callable(requeue):
                    requeue(OUT_OF_TIME, None)  # pickles what `checkpoint` gives, and leaves
                if not self.stays:
                    sys.exit(128 + signal.SIGTERM)
                received.discard(signal.SIGTERM)
            except UserError as error:
                return str(error)
            except Exception as error:
                traceback.print_exc()
                return explain(error)

    def checkpoint(self) -> DelayedSubmission:
        """Return what the requeued job is to run: this, which finds its state by itself."""
        return DelayedSubmission(self)
