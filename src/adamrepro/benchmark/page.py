"""docs/performance.md: the measurements as tables and a plot, with the machine they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from adamrepro.benchmark.scaling import Point
from adamrepro.benchmark.tasks import TaskRow
from adamrepro.benchmark.turns import Row
from adamrepro.files import replacing, write_atomically

START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""Around what `make benchmark ARGS=--docs` replaces in the page."""


@dataclass(frozen=True)
class Measured:
    """All that one call of the benchmark found, and under which conditions."""

    conditions: dict[str, Any]
    tasks: list[TaskRow]
    rows: list[Row]
    points: list[Point]


def write_page(measured: Measured, docs: Path) -> None:
    """Replace the measured part of docs/performance.md, and draw performance.png beside it."""
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(START)
    _, _, after = rest.partition(END)
    conditions = ", ".join(f"{key} {value}" for key, value in measured.conditions.items())
    parts = [
        f"Measured by `make benchmark ARGS=--docs`: {conditions}.",
        "Milliseconds per step and member:",
        markdown(measured.tasks),
        "Ours against a peer:",
        markdown(measured.rows),
        "Milliseconds per step and member (by members, by cores) or per example (by minibatch):",
        markdown(measured.points),
    ]
    write_atomically(page, "\n\n".join([before + START, *parts, END + after]))
    with replacing(docs / "performance.png", "wb") as file:
        plot(measured.points).savefig(file, format="png", dpi=120, metadata={"Software": None})


def markdown(rows: Sequence[Any]) -> str:
    """Write dataclasses of one kind as a table."""
    columns = [f.name for f in fields(rows[0])]
    lines = [columns, ["---"] * len(columns)]
    lines += [[written(getattr(row, column)) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def written(value: object) -> str:
    """Write a value for a table: three digits, blank for none."""
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def plot(points: Sequence[Point]) -> Figure:
    """Draw the cost by members and by the size of the minibatch, relative to the first point."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, by in zip(figure.subplots(1, 2), ("members", "minibatch"), strict=True):
        for task in dict.fromkeys(point.task for point in points if point.by == by):
            line = [(int(p.x), p.ms) for p in points if (p.task, p.by) == (task, by)]
            if len(line) > 1:
                x = [place for place, _ in line]
                axes.plot(x, [ms / line[0][1] for _, ms in line], "o-", label=task)
        axes.set_xscale("log", base=2)
        axes.set(xlabel=by, title=f"by {by}", ylim=(0, None))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    figure.supylabel("time, relative to the first point")
    return figure
