"""docs/full-scale.md: what was trained at the paper's scale, for how long and on what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adamrepro.errors import counted
from adamrepro.results import markdown
from adamrepro.results.machines import read_machines
from adamrepro.results.rows import Row, read_rows
from adamrepro.status.survey import Round, State

START, END = "<!-- trained: begin -->", "<!-- trained: end -->"
"""Around what `adamrepro status --published --budget full --docs` replaces in the page."""

HEAD = (
    "experiment",
    "grid",
    "confirmation",
    "passes",
    "seeds",
    "processor hours",
    "on",
    "at commit",
    "days",
)


def replaced(page: str, rounds: Sequence[Round], results: Path) -> str:
    """Return the page with its table made anew from the tables in `results`."""
    body = []
    for name in dict.fromkeys(each.experiment for each in rounds):
        own = [each for each in rounds if each.experiment == name]
        body.append(line(name, own, results / own[0].table / name))
    return markdown.between(page, START, END, markdown.table(HEAD, body))


def line(name: str, rounds: Sequence[Round], folder: Path) -> list[str]:
    """Return the cells of an experiment: blank but for the counts where nothing was trained."""
    by_name = {each.name: progress(each) for each in rounds}
    counts = [name, by_name["grid"], by_name.get("confirmation", "none")]
    rows = read_rows(folder / "runs.csv")
    if not rows:
        return counts + [""] * (len(HEAD) - len(counts))
    machines = read_machines(folder)
    on = dict.fromkeys(described(machines.get(row.get("machine", ""), {}), row) for row in rows)
    hours = sum(float(row.get("cpu_seconds") or row["seconds"]) for row in rows) / 3600
    dates = sorted({row["date"][:10] for row in rows if row.get("date")})
    return [
        *counts,
        ", ".join(sorted({row["training.epochs"] for row in rows}, key=int)),
        ", ".join(sorted({row["seed"] for row in rows}, key=int)),
        f"{hours:.2f}",
        "; ".join(on),
        ", ".join(sorted({row["commit"] for row in rows})),
        " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "not recorded",
    ]


def progress(each: Round) -> str:
    """Say how many of a round's runs are done, and how many of them diverged."""
    diverged = each.counts[State.DIVERGED]
    done = each.counts[State.DONE] + diverged
    most = "up to " if each.at_most else ""
    gone = f", {diverged} diverged" if diverged else ""
    return f"{done} of {most}{each.counts.total()}{gone}"


def described(machine: Row, row: Row) -> str:
    """Say what a run was trained on."""
    threads = counted(int(row["threads"]), "thread")
    if not machine:
        return f"{row['device']}, {threads}"
    what = machine["gpu"] or f"{machine['processor']}, {machine['instructions']}"
    return f"{what}, {threads}, torch {machine['torch']}"
