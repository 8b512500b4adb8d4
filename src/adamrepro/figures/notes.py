"""The words on a figure: what was run, what was cut, what to be careful about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.figures.style import NOTE_COLOUR
from adamrepro.results.schema import limits
from adamrepro.results.select import Choice, Role

DOT = " \N{MIDDLE DOT} "
EDGE_MARK = "\N{DAGGER}"
DIVERGED_MARK = "\N{DOUBLE DAGGER}"
_SMALL = 7.5
_CHOSEN = {
    Role.RECOVERED: "the setting of each grid that comes nearest the paper's curve",
    Role.TUNED: "the setting of each grid with the lowest cost at the last pass shown",
}
PAPER = "the paper (arXiv 1412.6980v9)"


def write(figure: Figure, title: str, lines: Iterable[str], footnotes: Iterable[str]) -> None:
    """Title and note lines at the top of the figure, footnotes at its bottom; sizes in points."""
    height = figure.get_figheight() * 72
    figure.text(0.5, 1 - 8 / height, title, ha="center", va="top", fontsize=11, weight="bold")
    middle = figure.text(0.5, 1 - 25 / height, _wrap(figure, lines), ha="center", va="top")
    foot = figure.text(0.02, 6 / height, _wrap(figure, footnotes), va="bottom")
    middle.set_gid("note")
    foot.set_gid("footnote")
    for text in (middle, foot):
        text.set(fontsize=_SMALL, color=NOTE_COLOUR, linespacing=1.35)


def chosen(role: Role) -> str:
    """What the role means."""
    return _CHOSEN[role]


def what_was_run(runs: pd.DataFrame, budget: str, epochs: int) -> str:
    """Budget, data source if it is not the canonical one, and what was cut of data and passes."""
    return DOT.join([f"budget: {budget}", *limits(runs, epochs)])


def how_many(grid: pd.DataFrame, drawn: list[pd.DataFrame]) -> str:
    """Seeds behind each curve, and settings in its grid."""
    seeds = _range([len(runs) for runs in drawn])
    kinds = {str(role) for runs in drawn for role in runs["role"]}
    kind = {"confirm": "confirmation ", "grid": "grid "}[kinds.pop()] if len(kinds) == 1 else ""
    settings = _range(list(grid.groupby("series")["setting_id"].nunique()))
    spread = "" if seeds == "1" else "s, mean and range"
    plural = "" if settings == "1" else "s"
    return f"ours, {seeds} {kind}seed{spread}{DOT}grid: {settings} setting{plural} a curve"


def footnotes(choices: list[Choice], drawn: list[pd.DataFrame]) -> list[str]:
    """What the marks in the legend mean, for the choices that bear one."""
    edges = [
        f"{choice.series} ({', '.join(name.rpartition('.')[2] for name in choice.at_edge)})"
        for choice in choices
        if choice.at_edge
    ]
    gone = [
        f"{choice.series} ({count} of {len(runs)})"
        for choice, runs in zip(choices, drawn, strict=True)
        if (count := int((runs["status"] == "diverged").sum()))
    ]
    lines: list[str] = []
    if edges:
        lines.append(f"{EDGE_MARK} best value at the edge of its grid: {', '.join(edges)}")
    if gone:
        lines.append(f"{DIVERGED_MARK} seeds that diverged: {', '.join(gone)}")
    return lines


def _wrap(figure: Figure, lines: Iterable[str]) -> str:
    # A letter of DejaVu Sans is on average 0.55 of its size wide.
    letters = int(figure.get_figwidth() * 72 / (0.56 * _SMALL))
    return "\n".join(textwrap.fill(line, letters) for line in lines)


def _range(counts: list[int]) -> str:
    low, high = (min(counts), max(counts)) if counts else (0, 0)
    return str(low) if low == high else f"{low}-{high}"
