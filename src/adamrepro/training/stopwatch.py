"""The time that training takes: by the clock on the wall, and of the processor."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds spent between `start` and the last `lap`, what happens inside `paused` left out.

    cpu_seconds is the processor's time for this process, all its threads: with one thread it falls
    short of `seconds` where the process had to wait for a core, or for a GPU.
    """

    def __init__(self, seconds: float = 0.0, cpu_seconds: float = 0.0) -> None:
        self.seconds, self.cpu_seconds = seconds, cpu_seconds
        self.start()

    def start(self) -> None:
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def lap(self) -> None:
        """Add the time since the last lap."""
        wall, cpu = self.wall, self.cpu
        self.start()
        self.seconds += self.wall - wall
        self.cpu_seconds += self.cpu - cpu

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what happens inside."""
        self.lap()
        try:
            yield
        finally:
            self.start()
