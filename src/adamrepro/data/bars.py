"""Shows on the terminal how far slow work with the data has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from adamrepro.data.sources import Counter


@contextmanager
def shown() -> Iterator[Counter]:
    """A callback that draws a bar for each task on stderr, gone at the end.

    Where stderr is no terminal there is one line at each task's end instead.
    """
    console = Console(stderr=True, markup=False, highlight=False)
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def report(task: str, done: int, total: int) -> None:
        if task not in tasks:
            tasks[task] = bars.add_task(task, total=total)
        bars.update(tasks[task], completed=done, total=total)
        if done == total and not console.is_terminal:
            console.print(f"{task}: {total:,} done")

    with bars:
        yield report
