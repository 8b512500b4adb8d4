"""A page of panels side by side with its title, note and footnotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.figures import lines, notes, style
from adamrepro.results.fidelity import plotted
from adamrepro.results.reference import PANELS, Panel, panel_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role, grid_of

References = Mapping[str, pd.DataFrame]

# Inches: the frame of a panel, and the room around it for labels, title and notes.
_FRAME = (5.0, 4.4)
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 0.75, 0.25, 1.35, 1.15, 0.85

# Part of a panel below which a budget that ends there has a panel of its own.
_EARLY = 0.3


def side_by_side(
    names: Sequence[str],
    title: str,
    tables: Tables,
    references: References,
    *,
    budget: str,
    role: Role,
    notes_below: Sequence[str] = (),
) -> Figure:
    """One experiment's panels `names` in a row, all with the same choice of runs.

    Where a budget ends early in all of them, another one shows what was run.
    """
    main = panel_of(PANELS[names[0]].experiment)
    found = lines.curves_of(tables, main, references[main.name], role)
    panels = [PANELS[name] for name in names]
    part = beginning(main, found, tables.curves)
    if part and all(part.x_limits[1] < _EARLY * panel.x_limits[1] for panel in panels):
        panels.append(part)
    width = _LEFT + len(panels) * _FRAME[0] + (len(panels) - 1) * _GAP + _RIGHT
    height = _BOTTOM + _FRAME[1] + _TOP
    figure = style.new_figure(width, height)
    for place, panel in enumerate(panels):
        left = _LEFT + place * (_FRAME[0] + _GAP)
        box = (left / width, _BOTTOM / height, _FRAME[0] / width, _FRAME[1] / height)
        reference, legend = references[panel.name], panel is not part  # there it is in the way
        lines.draw(figure.add_axes(box), panel, found, tables.curves, reference, legend=legend)
    head(figure, title, tables, found, main.last_epoch, budget=budget, role=role, below=notes_below)
    return figure


def beginning(panel: Panel, found: Sequence[lines.Curve], costs: pd.DataFrame) -> Panel | None:
    """The panel cut to what our curves reach, or None where nothing of them is in it."""
    points = pd.concat([plotted(curve.runs, costs, panel) for curve in found])
    points = points[(points["x"] > 0) & (points["y"] < panel.y_limits[1])]
    if points.empty:
        return None
    last, lowest = float(points["x"].max()), 0.9 * float(points["y"].min())
    return replace(
        panel,
        title=f"the first {last:g} of {panel.x_limits[1]:g}",
        y_label="",
        x_limits=(0, last),
        y_limits=(max(lowest, panel.y_limits[0]), panel.y_limits[1]),
    )


def head(
    figure: Figure,
    title: str,
    tables: Tables,
    found: Sequence[lines.Curve],
    epochs: int,
    *,
    budget: str,
    role: Role,
    below: Sequence[str] = (),
) -> None:
    """Title, note and footnotes of a page; `epochs` is how many passes the paper shows."""
    drawn = [curve.runs for curve in found]
    above = [
        notes.chosen(role),
        notes.what_was_run(pd.concat(drawn), budget, epochs),
        f"solid: {notes.how_many(grid_of(tables.runs), drawn)}",
        f"thin, dashed: {notes.PAPER}",
    ]
    marks = notes.footnotes([curve.choice for curve in found], drawn)
    notes.write(figure, f"{title}, {role}", above, [*marks, *below])
