"""What a job tells whoever waits for it: a file in the results folder, a message a line, in JSON.

Only the messages named here can be read from it: nothing in the file can run code.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from adamrepro.training import End, Ended, Listener, Message, Points, Progress, Started

PROGRESS_SECONDS = 5.0
"""Least time between two lines about progress."""

MESSAGES: dict[str, Callable[..., Message]] = {
    "Started": Started,
    "Progress": Progress,
    "Points": Points,
    "Ended": lambda end, **more: Ended(End(end), **more),
}


class Outbox(Listener):
    """Writes messages for a reader on the other side of a shared file system.

    curves: whether to write points, too, for a tracker. stop: asked by training whether to stop.
    """

    def __init__(
        self, path: Path, *, curves: bool, stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.path, self.curves, self.stop = path, curves, stop
        self.told = float("-inf")

    def hear(self, message: Message) -> None:
        """Write a message; progress only now and then."""
        if isinstance(message, Points) and not self.curves:
            return
        if isinstance(message, Progress):
            now = time.monotonic()
            if now - self.told <= PROGRESS_SECONDS:
                return
            self.told = now
        line = json.dumps({type(message).__name__: dataclasses.asdict(message)})
        with self.path.open("a") as file:
            file.write(f"\n{line}\n")  # a kill may have left half a line

    def should_stop(self) -> bool:
        return self.stop()


class Inbox:
    """Reads what an outbox has written since the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0

    def read(self) -> list[Message]:
        """Return the new messages, of those about progress the latest only."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                whole, newline, _ = file.read().rpartition(b"\n")  # a line may be on its way
        except FileNotFoundError:
            return []
        self.position += len(whole) + len(newline)
        found = [message for line in whole.splitlines() if (message := message_of(line))]
        latest = [message for message in found if isinstance(message, Progress)][-1:]
        return [m for m in found if not isinstance(m, Progress) or m is latest[0]]


def message_of(line: bytes) -> Message | None:
    """Read a line; None for a blank one, and for what is no message."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        ((name, fields),) = json.loads(line).items()
        return MESSAGES[name](**fields)
    return None
