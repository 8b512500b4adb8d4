"""docs/performance.md: the measurements as tables and a plot, with the machine they come from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from adamrepro.benchmark.memory import MEMBERS, Stage
from adamrepro.benchmark.profile import Profile
from adamrepro.benchmark.scaling import Point
from adamrepro.benchmark.tasks import TaskRow
from adamrepro.benchmark.turns import Compared
from adamrepro.files import replacing, write_atomically
from adamrepro.results import markdown

START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""Around what `make benchmark ARGS=--docs` replaces in the page."""


@dataclass(frozen=True)
class Measured:
    """All that one call of the benchmark found, and under which conditions."""

    conditions: dict[str, Any]
    tasks: list[TaskRow]
    rows: list[Compared]
    points: list[Point]
    profiles: list[Profile]
    stages: list[Stage]


def write_page(measured: Measured, docs: Path) -> None:
    """Replace the measured part of docs/performance.md, and draw performance.png beside it."""
    page = docs / "performance.md"
    conditions = ", ".join(f"{key} {value}" for key, value in measured.conditions.items())
    parts = [
        f"Measured by `make benchmark ARGS=--docs`: {conditions}.",
        "Milliseconds per step and member (wanted: at least this ratio and gemm_share):",
        table(measured.tasks),
        "Ours against a peer (wanted: at most this ratio):",
        table(measured.rows),
        told(measured),
        "A step of all members, in milliseconds, and the shares of what it is spent on:",
        table(measured.profiles),
        f"Peak memory of a process that trains {MEMBERS} members of Figure 1a, by how far it came:",
        table(measured.stages),
        "Milliseconds per step and member (by members, by cores) or per example (by minibatch):",
        table(measured.points),
    ]
    text = "\n\n".join(part.strip() for part in parts)
    write_atomically(page, markdown.between(page.read_text(), START, END, text))
    with replacing(docs / "performance.png", "wb") as file:
        plot(measured.points).savefig(file, format="png", dpi=120, metadata={"Software": None})


def told(measured: Measured) -> str:
    """Say how much of what is wanted is missed, and by how much."""
    wanted = 2 * sum(row.wanted is not None for row in measured.tasks)
    wanted += sum(row.wanted is not None for row in measured.rows)
    missed = list(misses(measured))
    parts = [f"Of {wanted} wanted numbers {len(missed)} are missed{':' if missed else '.'}"]
    if missed:
        parts.append("\n".join(f"- {each}" for each in missed))
    return "\n\n".join(parts)


def misses(measured: Measured) -> Iterator[str]:
    """What is wanted and was not reached, in words."""
    products = {(each.step, each.members): each.products for each in measured.profiles}
    for task in measured.tasks:
        if task.wanted is None:
            continue
        least, share = task.wanted
        name = f"{task.task}, {task.members} members"
        alone = products[task.task, task.members]
        for what, found, wanted in (
            ("ratio", task.ratio, least),
            ("gemm_share", task.gemm_share or 0.0, share),
        ):
            if found < wanted:
                yield (
                    f"{name}: {what} {written(found)}, at least {wanted:g} wanted; "
                    f"{written(found / alone)} if a step were its products and nothing else"
                )
    for row in measured.rows:
        if row.wanted is not None and row.ratio > row.wanted:
            yield f"{row.name}: ratio {written(row.ratio)}, at most {row.wanted:g} wanted"


def table(rows: Sequence[Any]) -> str:
    """Write dataclasses of one kind as a table."""
    columns = [f.name for f in fields(rows[0])]
    return markdown.table(columns, ([written(getattr(row, c)) for c in columns] for row in rows))


def written(value: object) -> str:
    """Write a value for a table: three digits, blank for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(written, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def plot(points: Sequence[Point]) -> Figure:
    """Draw the cost by members and by the size of the minibatch, relative to the first point."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, by in zip(figure.subplots(1, 2), ("members", "minibatch"), strict=True):
        for task in dict.fromkeys(point.task for point in points if point.by == by):
            line = [(int(p.x), p.ms) for p in points if (p.task, p.by) == (task, by)]
            if len(line) > 1:
                x = [place for place, _ in line]
                # a line through two points would look like a course that was measured
                style = "o-" if len(line) > 2 else "o"
                axes.plot(x, [ms / line[0][1] for _, ms in line], style, label=task)
        axes.set_xscale("log", base=2)
        axes.set(xlabel=by, title=f"by {by}", ylim=(0, None))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    figure.supylabel("time, relative to the first point")
    return figure
