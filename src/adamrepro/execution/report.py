"""What happened to a batch of populations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adamrepro.runs.planning import Plan
from adamrepro.tracking.feed import News
from adamrepro.training import Progress


class Stopped(Exception):
    """The user or the system stopped the batch; running the same command goes on.

    The message, if there is one, says what goes on without it.
    """


@dataclass
class Report:
    """Populations that failed, each with the reason."""

    failed: list[tuple[Plan, str]] = field(default_factory=list)


class Console(Protocol):
    """Where progress is shown."""

    def begin(self, plans: Sequence[Plan]) -> None: ...

    def waiting(self, text: str) -> None: ...

    def progress(self, plan: Plan, progress: Progress) -> None: ...

    def news(self, plan: Plan, news: Sequence[News]) -> None: ...

    def end(self, plan: Plan, problem: str = "") -> None: ...


class Silent:
    """A console that shows nothing."""

    def begin(self, plans: Sequence[Plan]) -> None: ...

    def waiting(self, text: str) -> None: ...

    def progress(self, plan: Plan, progress: Progress) -> None: ...

    def news(self, plan: Plan, news: Sequence[News]) -> None: ...

    def end(self, plan: Plan, problem: str = "") -> None: ...
