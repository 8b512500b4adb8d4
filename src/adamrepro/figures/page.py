"""A page of panels side by side with its title, note and footnotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.figures import lines, notes, style
from adamrepro.results.reference import PANELS, panel_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role, grid_of

References = Mapping[str, pd.DataFrame]

# Inches: the frame of a panel, and the room around it for labels, title and notes.
_FRAME = (5.0, 4.4)
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 0.75, 0.25, 1.35, 1.15, 0.85


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
    """One experiment's panels `names` in a row, all with the same choice of runs."""
    main = panel_of(PANELS[names[0]].experiment)
    found = lines.curves_of(tables, main, references[main.name], role)
    width = _LEFT + len(names) * _FRAME[0] + (len(names) - 1) * _GAP + _RIGHT
    height = _BOTTOM + _FRAME[1] + _TOP
    figure = style.new_figure(width, height)
    for place, name in enumerate(names):
        left = _LEFT + place * (_FRAME[0] + _GAP)
        box = (left / width, _BOTTOM / height, _FRAME[0] / width, _FRAME[1] / height)
        lines.draw(figure.add_axes(box), PANELS[name], found, tables.curves, references[name])
    head(figure, title, tables, found, main.last_epoch, budget=budget, role=role, below=notes_below)
    return figure


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
