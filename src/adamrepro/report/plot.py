"""What plotly is told to draw, and the same in words and numbers for whoever cannot see it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.colors import to_hex

from adamrepro.report.tables import Table

Trace = dict[str, Any]
INK = "#000000"
"""Stands for the colour of the page's text: dark on light, light on dark."""

MOST_POINTS = 200
"""Of one curve on the page: more cannot be told apart on a screen."""


@dataclass(frozen=True)
class Plot:
    """One plot.

    id: unique on the page. title: its heading. label: what it shows, in a sentence. Traces have a
    `meta` with `kind` (ours, paper, ...) and `series`, by which the page shows and hides them.
    """

    id: str
    title: str
    label: str
    traces: Sequence[Trace]
    layout: Mapping[str, Any]

    def spec(self) -> dict[str, Any]:
        """What the page's script hands to plotly."""
        return {"data": list(self.traces), "layout": dict(self.layout)}


@dataclass(frozen=True)
class Entry:
    """A line of a key: a series that can be shown and hidden, and what is said beside it."""

    series: str
    name: str
    colour: str
    words: str


@dataclass(frozen=True)
class Group:
    """Plots that share a key, and a table of their values."""

    plots: Sequence[Plot]
    key: Sequence[Entry]
    table: Table
    title: str = ""


@dataclass(frozen=True)
class Section:
    """A figure of the page: groups by the choice of runs, sentences below, or why it is missing."""

    id: str
    title: str
    groups: Mapping[str, Sequence[Group]] = field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: str = ""


def numbers(values: Iterable[Any]) -> list[float | None]:
    """Values for plotly: five significant digits, None for what is not finite."""
    return [float(f"{v:.5g}") if v is not None and math.isfinite(v) else None for v in values]


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """At most MOST_POINTS rows, evenly spaced, the first and the last among them."""
    count = len(table)
    if count <= MOST_POINTS:
        return table
    step = (count - 1) / (MOST_POINTS - 1)
    return table.iloc[[round(place * step) for place in range(MOST_POINTS)]]


def plain(text: object) -> str:
    """Text from a table, of which plotly is to take no part for markup."""
    return html.escape(str(text), quote=False)


def colour_of(name: str) -> str:
    """One of matplotlib's colours as the page writes it."""
    return to_hex(name)


def faint(colour: str) -> str:
    """The same colour for an area behind lines."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def axis(title: str, limits: tuple[float, float] | None = None, *, log: bool = False) -> Trace:
    """An axis; `limits` in its own units."""
    found: Trace = {"title": {"text": title}, "type": "log" if log else "linear"}
    if log:
        found |= {"exponentformat": "power", "dtick": 1}
        if limits and limits[1] < 100 * limits[0]:
            # fewer than three powers of ten have a place on it
            ticks = [digit * 10.0**power for power in range(-12, 12) for digit in (1, 2, 5)]
            inside = [tick for tick in ticks if limits[0] <= tick <= limits[1]]
            found |= {"tickvals": inside, "ticktext": [f"{tick:g}" for tick in inside]}
    if limits:
        ends = [math.log10(end) for end in limits] if log else [float(end) for end in limits]
        found["range"] = numbers(ends)
    return found


def layout(x: Trace, y: Trace, *, height: int = 330, unified: bool = False) -> dict[str, Any]:
    """What all plots have in common; colours are the page's, light or dark."""
    return {
        "height": height,
        "margin": {"l": 58, "r": 10, "t": 8, "b": 46},
        "showlegend": False,
        "hovermode": "x unified" if unified else "closest",
        "xaxis": x,
        "yaxis": y,
    }
