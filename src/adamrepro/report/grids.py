"""The grid behind each curve: cost against step size, the chosen settings and edges marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.figures.book import CurveFigure
from adamrepro.figures.curves import References
from adamrepro.report import plot
from adamrepro.report.plot import Entry, Plot, Trace, numbers
from adamrepro.report.tables import Table, number
from adamrepro.results.schema import Tables
from adamrepro.results.select import (
    ONLY,
    Choice,
    Selection,
    choose,
    hyper_parameters,
    scored,
    searched,
)
from adamrepro.results.summary import describe

_ALPHA = "optimizer.alpha"
_MARKS = {
    Selection.RECOVERED: {"symbol": "diamond-open", "size": 15},
    Selection.TUNED: {"symbol": "star-open", "size": 17},
}
_SHADES = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
    *("#8c510a", "#7f7f7f", "#b2df8a"),
)


@dataclass(frozen=True)
class SeriesGrid:
    """The settings of one series: a plot unless there was nothing to search, and all of them."""

    series: str
    plot: Plot | None
    key: Sequence[Entry]
    words: Sequence[str]
    table: Table


def grids(
    name: str, figure: CurveFigure, tables: Tables, references: References
) -> Iterator[SeriesGrid]:
    """The grid of each series of a figure, in the order of its legend."""
    panel = figure.panel
    reference = references[panel.name]
    points = scored(tables.runs, tables.curves, panel, reference)
    choices = choose(tables.runs, tables.curves, panel, reference)
    for number_of, series in enumerate(dict.fromkeys(choice.series for choice in choices)):
        own = [choice for choice in choices if choice.series == series]
        rows = settings(points[points["series"] == series])
        identity = f"grid-{name}-{number_of}"
        drawn = _plot(identity, series, rows, own, log=panel.log_y) if axis_of(rows) else None
        words = [_words(choice, rows) for choice in own]
        yield SeriesGrid(series, drawn, _key(drawn), words, _table(rows, own))


def settings(points: pd.DataFrame) -> pd.DataFrame:
    """A row per setting of a series: means over its seeds, as a setting is chosen by."""
    means = points.groupby("setting_id")[["cost", "dex"]].mean()
    first = points.drop_duplicates("setting_id").drop(columns=["cost", "dex"])
    return first.join(means, on="setting_id")


def axis_of(rows: pd.DataFrame) -> str:
    """What the grid is drawn over: the step size if it was varied, else what was; "" for none."""
    varied = hyper_parameters(rows)
    return _ALPHA if _ALPHA in varied else next(iter(varied), "")


def _plot(
    identity: str, series: str, rows: pd.DataFrame, choices: Sequence[Choice], *, log: bool
) -> Plot:
    x = axis_of(rows)
    others = [column for column in searched(rows) if column != x]
    finite = rows["cost"][np.isfinite(rows["cost"])]
    log = bool(len(finite) and finite.min() > 0 and (log or finite.max() > 10 * finite.min()))
    top = float(finite.max()) * (2 if log else 1.05) if len(finite) else 1.0
    at = rows["cost"].where(np.isfinite(rows["cost"]), top)
    traces = [*_lines(rows.assign(at=at), x, others)]
    traces += [_mark(rows.assign(at=at), choice, x) for choice in choices]
    short, is_log = x.rpartition(".")[2], bool((rows[x] > 0).all())
    axes = (
        plot.axis(short, around(rows[x], log=is_log), log=is_log),
        plot.axis("cost at the end", around(at, log=log), log=log),
    )
    label = (
        f"{series}: cost at the end of training against {short}, {len(rows)} settings, "
        f"{int((~np.isfinite(rows['cost'])).sum())} of them diverged. "
        + " ".join(_words(choice, rows) for choice in choices)
    )
    return Plot(identity, series, label, traces, plot.layout(*axes, height=270))


def _key(drawn: Plot | None) -> list[Entry]:
    """The lines of a grid, where there are several."""
    lines = [trace for trace in (drawn.traces if drawn else ()) if trace["meta"]["kind"] == "grid"]
    entries = [Entry(line["name"], line["name"], line["line"]["color"], "") for line in lines]
    return entries if len(entries) > 1 else []


def _lines(rows: pd.DataFrame, x: str, others: list[str]) -> Iterator[Trace]:
    """A line for each value of the other settings; what diverged stands at the top, crossed."""
    groups = rows.groupby(others, dropna=False) if others else [((), rows)]
    for place, (values, line) in enumerate(groups):
        line = line.sort_values(x)
        colour = _SHADES[place % len(_SHADES)]
        name = ", ".join(
            f"{column.rpartition('.')[2]} {value:g}"
            for column, value in zip(others, values, strict=True)
        )
        gone = ~np.isfinite(line["cost"])
        shown = [
            f"{plot.plain(describe(row, [x, *others]))}<br>cost {number(row['cost'])}"
            f"<br>from the paper {_dex(row['dex'])}"
            for _, row in line.iterrows()
        ]
        yield {
            "x": numbers(line[x]),
            "y": numbers(line["at"]),
            "mode": "lines+markers",
            "line": {"color": colour, "width": 1.2},
            "marker": {
                "color": colour,
                "size": 7,
                "symbol": ["x" if end else "circle" for end in gone],
            },
            "text": shown,
            "hovertemplate": "%{text}<extra></extra>",
            "name": name,
            "meta": {"kind": "grid", "series": name},
        }


def _mark(rows: pd.DataFrame, choice: Choice, x: str) -> Trace:
    chosen = rows[rows["setting_id"] == choice.setting_id].iloc[0]
    return {
        "x": numbers([chosen[x]]),
        "y": numbers([chosen["at"]]),
        "mode": "markers+text",
        "marker": {"color": plot.INK, "line": {"width": 2}, **_MARKS[choice.selection]},
        "text": ["\N{DAGGER}" if choice.at_edge else ""],
        "textposition": "top right" if choice.selection is Selection.TUNED else "bottom right",
        "hoverinfo": "skip",
        "meta": {"kind": "chosen", "series": str(choice.selection)},
    }


def around(values: pd.Series, *, log: bool) -> tuple[float, float]:
    """Limits of an axis, with room for the marks at its ends."""
    low, high = float(values.min()), float(values.max())
    if log:
        room = (high / low) ** 0.08 if high > low else 2.0
        return low / room, high * room
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _words(choice: Choice, rows: pd.DataFrame) -> str:
    """What was chosen, by which value, and the edges that it lies at."""
    chosen = rows[rows["setting_id"] == choice.setting_id].iloc[0]
    setting = describe(chosen, searched(rows)) or "as configured"
    found = f"{str(choice.selection).capitalize()}: {setting}, cost {number(chosen['cost'])}"
    found += f", {_dex(chosen['dex'])}"
    if choice.at_edge == (ONLY,):
        return f"{found} (\N{DAGGER} the only setting that was tried)."
    if choice.at_edge:
        names = ", ".join(name.rpartition(".")[2] for name in choice.at_edge)
        return f"{found} (\N{DAGGER} at the edge of its grid in {names})."
    return f"{found}."


def _dex(value: float) -> str:
    return f"{value:#.2g} dex from the paper" if np.isfinite(value) else "not beside the paper's"


def _table(rows: pd.DataFrame, choices: Sequence[Choice]) -> Table:
    """All settings, the lowest cost first."""
    varied = searched(rows)
    columns = [*(name.rpartition(".")[2] for name in varied), "cost", "dex", "chosen"]
    told = []
    for _, row in rows.sort_values("cost", kind="stable").iterrows():
        chosen = [str(c.selection) for c in choices if c.setting_id == row["setting_id"]]
        values = [number(float(row[name])) for name in varied]
        told.append([*values, number(row["cost"]), number(row["dex"], 2), ", ".join(chosen)])
    return Table(columns, told)
