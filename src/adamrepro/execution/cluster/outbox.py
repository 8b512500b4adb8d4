"""What a job tells whoever waits for it, through a file in the results folder."""

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adamrepro.tracking.feed import News
from adamrepro.training import Progress

PROGRESS_SECONDS = 5.0
"""Least time between two lines about progress."""


class Outbox:
    """Writes one line of JSON per message; a file system shared with the reader carries them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = float("-inf")

    def progress(self, progress: Progress) -> None:
        """Say how far training has come, now and then."""
        now = time.monotonic()
        if now - self.told > PROGRESS_SECONDS:
            self.told = now
            self.write({"progress": dataclasses.asdict(progress)})

    def news(self, news: Sequence[News]) -> None:
        self.write({"news": [dataclasses.asdict(each) for each in news]})

    def write(self, message: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(message) + "\n")


class Inbox:
    """Reads what an outbox has written since the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0

    def read(self) -> list[Progress | list[News]]:
        """Return the new messages: progress, the latest only, and lists of news."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                whole, newline, _ = file.read().rpartition(b"\n")  # a line may be on its way
        except FileNotFoundError:
            return []
        self.position += len(whole) + len(newline)
        messages = [json.loads(line) for line in whole.splitlines()]
        found: list[Progress | list[News]] = [
            [News(each["run"], tuple(each["points"])) for each in message["news"]]
            for message in messages
            if "news" in message
        ]
        return found + [Progress(**m["progress"]) for m in messages if "progress" in m][-1:]
