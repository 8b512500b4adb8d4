"""Populations one after the other, in this process."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

import torch

from adamrepro.errors import UserError
from adamrepro.execution.report import Console, Report, Stopped
from adamrepro.runs.planning import Plan
from adamrepro.runs.train import train
from adamrepro.training import Interrupted


class StopFlag:
    """Becomes true when the process is asked to stop."""

    def __init__(self) -> None:
        self.value = False

    def __call__(self) -> bool:
        return self.value

    def set(self, signum: int = 0, frame: FrameType | None = None) -> None:
        self.value = True


@contextmanager
def stop_on(*signals: signal.Signals) -> Iterator[StopFlag]:
    """Turn signals into a flag that training looks at after every step."""
    flag = StopFlag()
    old = {number: signal.signal(number, flag.set) for number in signals}
    try:
        yield flag
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Start processes in this block to whom Ctrl-C means nothing, from their first moment on."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def run_serially(plans: Sequence[Plan], console: Console) -> Report:
    """Train each population here; raises Stopped, with the state saved, on Ctrl-C or SIGTERM."""
    report = Report()
    console.begin(plans)
    with stop_on(signal.SIGINT, signal.SIGTERM) as flag:
        for plan in plans:
            problem = ""
            try:
                train(plan, partial(console.progress, plan), flag, partial(console.news, plan))
            except Interrupted:
                raise Stopped from None
            except UserError:
                raise
            except Exception as error:
                problem = explain(error)
                report.failed.append((plan, problem))
            console.end(plan, problem)
    return report


OUT_OF_MEMORY = (
    "; give it more memory, or less to hold: population.size=N (members at once), "
    "execution.workers=N (populations side by side)"
)


def explain(error: BaseException) -> str:
    """Say in one line what went wrong, and what helps against a lack of memory."""
    first = (str(error).strip() or "no message").splitlines()[0]
    lacking = isinstance(error, MemoryError | torch.OutOfMemoryError)
    # of torch's allocator for the CPU, a plain RuntimeError
    lacking = lacking or "can't allocate memory" in first
    return f"{type(error).__name__}: {first}{OUT_OF_MEMORY if lacking else ''}"
