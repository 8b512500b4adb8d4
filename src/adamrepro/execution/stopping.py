"""Ctrl-C and SIGTERM: a flag that training looks at between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
