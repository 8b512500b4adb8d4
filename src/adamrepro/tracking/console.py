"""Progress on the terminal: live bars, or plain lines where there is no terminal."""

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from adamrepro.training import Progress

PLAIN_SECONDS = 15.0
"""Least time between two plain lines."""

SETTLED_SECONDS = 20.0
"""Time before which the rate so far says nothing about the rest."""


class Titled(Protocol):
    """A population, as far as the console is concerned."""

    @property
    def identity(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def work(self) -> float: ...


class ProgressConsole:
    """Shows the populations in training, what is done, and the time left."""

    def __init__(self, console: Console | None = None) -> None:
        self.screen = console or Console(stderr=True, markup=False, highlight=False)
        self.bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(),
            console=self.screen,
            transient=True,
            disable=not self.screen.is_terminal,
        )
        self.rows: dict[str, TaskID] = {}
        self.share: dict[str, float] = {}
        self.first: dict[str, int] = {}
        """The pass in which each population was first heard of."""
        self.restored = 0.0
        """Work that checkpoints held: not of this call."""
        self.settled = False
        """Whether any population has completed a pass since."""
        self.finished = 0.0
        self.count = 0
        self.said = ""
        self.started = self.printed = time.monotonic()
        self.total = 0
        self.work = 0.0

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bars.stop()

    def begin(self, plans: Sequence[Titled]) -> None:
        self.total = len(plans)
        self.work = sum(plan.work for plan in plans)
        self.overall = self.bars.add_task("populations", total=self.total, note="")

    def waiting(self, text: str) -> None:
        """Show where the jobs of a cluster stand."""
        self.bars.update(self.overall, description=f"populations ({text})")
        if text and text != self.said and not self.screen.is_terminal:
            self.line(text)
        self.said = text

    def progress(self, plan: Titled, progress: Progress) -> None:
        """Show how far a population has come."""
        share = self.share[plan.identity] = plan.work * progress.steps / progress.total_steps
        if plan.identity not in self.first:
            self.first[plan.identity] = progress.epoch
            self.restored += share if progress.epoch else 0.0
        self.settled |= progress.epoch > self.first[plan.identity]
        # no cost is known where a pass has just begun
        cost = "" if math.isnan(progress.best_cost) else f"  cost {progress.best_cost:.4g}"
        note = f"epoch {progress.epoch}{cost}  live {progress.live}"
        if plan.identity not in self.rows:
            self.rows[plan.identity] = self.bars.add_task(
                plan.title, total=progress.total_steps, note=note
            )
        self.bars.update(self.rows[plan.identity], completed=progress.steps, note=note)
        self.bars.update(self.overall, note=self.left())
        if not self.screen.is_terminal and time.monotonic() - self.printed > PLAIN_SECONDS:
            self.line(f"{plan.title}: {note}")

    def end(self, plan: Titled, problem: str = "") -> None:
        """Show that a population is done, or why it is not."""
        self.count += 1
        self.settled = True
        self.finished += plan.work
        self.share.pop(plan.identity, None)
        if plan.identity in self.rows:
            self.bars.remove_task(self.rows.pop(plan.identity))
        self.bars.update(self.overall, completed=self.count, note=self.left())
        if problem or not self.screen.is_terminal:
            self.line(f"{plan.title}: {f'FAILED: {problem}' if problem else 'done'}")

    def line(self, text: str) -> None:
        self.printed = time.monotonic()
        line = f"[{self.count}/{self.total}] {text}  {self.left()}".rstrip()
        # a line of a log stays one line
        self.screen.print(line, soft_wrap=True)

    def left(self) -> str:
        """Say how long the rest will take at the rate so far, once that rests on a whole pass."""
        done = self.finished + sum(self.share.values())
        passed, trained = time.monotonic() - self.started, done - self.restored
        if not self.settled or done >= self.work or trained <= 0 or passed < SETTLED_SECONDS:
            return ""
        minutes, seconds = divmod(int(passed * (self.work - done) / trained), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes:02d} min left" if hours else f"{minutes}:{seconds:02d} left"
