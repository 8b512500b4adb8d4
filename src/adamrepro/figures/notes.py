"""The words below a figure: what was run, what was cut, what to be careful about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from adamrepro.results.kinds import Role, Status
from adamrepro.results.schema import limits
from adamrepro.results.select import Choice, Selection, unlike

EDGE_MARK = "\N{DAGGER}"
DIVERGED_MARK = "\N{DOUBLE DAGGER}"
_CHOSEN = {
    Selection.RECOVERED: "the one that comes nearest the paper's curve",
    Selection.TUNED: "the one with the lowest cost at the last pass shown",
}
_KINDS: dict[str, str] = {Role.CONFIRM: "confirmation ", Role.GRID: "grid "}
PAPER = "the paper (arXiv 1412.6980v9)"
DEX = "dex: root mean square of log10(ours/paper)."
NONE = "None in frame: nothing of ours where the paper shows its curve; the tuned setting is drawn."


def chosen(selection: Selection, grid: pd.DataFrame) -> str:
    """What the selection means, and among how many settings a curve was chosen."""
    settings = _range(list(grid.groupby("series")["setting_id"].nunique()))
    if settings == "1":
        return f"{str(selection).capitalize()}: one setting a curve was tried."
    return f"{str(selection).capitalize()}: of {settings} settings a curve {_CHOSEN[selection]}."


def what_was_run(runs: pd.DataFrame, budget: str, epochs: int) -> str:
    """Budget, data source if it is not the canonical one, and what was cut of data and passes."""
    cut = limits(runs, epochs)
    return f"Budget {budget}: {'; '.join(cut)}." if cut else f"Budget {budget}."


def compared(grid: pd.DataFrame) -> list[str]:
    """Say where unlike runs were compared: a user's own, under an experiment's name."""
    found = "; ".join(f"{series}: {', '.join(names)}" for series, names in unlike(grid).items())
    return [f"Runs that differ in more than the optimizer were compared: {found}."] if found else []


def seeds(drawn: Sequence[pd.DataFrame], series: Sequence[str], *, paper: bool = True) -> list[str]:
    """How many seeds stand behind each curve, and which curves lack confirmation."""
    kinds = [str(runs["role"].iloc[0]) for runs in drawn]
    kind = _KINDS.get(kinds[0], "") if len(set(kinds)) == 1 else ""
    counted = number([len(runs) for runs in drawn], kind)
    found = [f"Solid: ours, {counted}; dashed: {PAPER}." if paper else f"{counted}."]
    alone = [name for name, role in zip(series, kinds, strict=True) if role == Role.GRID]
    if len(set(kinds)) > 1:
        found.append(f"On the seed that chose the setting: {', '.join(alone)}.")
    return found


def number(counts: list[int], kind: str = "") -> str:
    """How many seeds of a kind, and that a mean and a range are drawn if there are several."""
    many = _range(counts)
    return f"{many} {kind}seed" if many == "1" else f"{many} {kind}seeds, mean and range"


def marks(choices: Sequence[Choice], drawn: Sequence[pd.DataFrame]) -> list[str]:
    """What the marks in the legend mean, for the choices that bear one."""
    edges: dict[str, list[str]] = {}
    for choice in choices:
        for name in choice.at_edge:
            edges.setdefault(name.rpartition(".")[2], []).append(choice.series)
    found = [
        f"{name} of {'every curve' if len(series) == len(choices) else ', '.join(series)}"
        for name, series in edges.items()
    ]
    gone = [
        f"{choice.series} ({count} of {len(runs)})"
        for choice, runs in zip(choices, drawn, strict=True)
        if (count := int((runs["status"] == Status.DIVERGED).sum()))
    ]
    lines: list[str] = []
    if found:
        lines.append(f"{EDGE_MARK} at the edge of its grid: {'; '.join(found)}.")
    if gone:
        lines.append(f"{DIVERGED_MARK} seeds that diverged: {', '.join(gone)}.")
    return lines


def left_out(titles: Iterable[str]) -> list[str]:
    """Name the panels that none of our runs reaches."""
    found = "; ".join(titles)
    return [f"Not drawn, for none of our runs reaches it: {found}."] if found else []


def _range(counts: list[int]) -> str:
    low, high = (min(counts), max(counts)) if counts else (0, 0)
    return str(low) if low == high else f"{low}-{high}"
