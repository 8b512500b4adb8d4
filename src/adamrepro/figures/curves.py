"""What a page of curves holds: the panels that show something, and what stands below them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from adamrepro.figures import lines, notes
from adamrepro.figures.page import Block, Box, stack
from adamrepro.results.fidelity import plotted
from adamrepro.results.kinds import Status
from adamrepro.results.panel import CurvePanel
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import NOT_IN_THE_PAPER, Selection, grid_of, panel_for

References = Mapping[str, pd.DataFrame]

_HEIGHT = 2.5
# Parts of a panel: less than _SEEN of it and our curves cannot be seen, so that it is left out;
# less than _EARLY, and their beginning has a panel of its own.
_SEEN, _EARLY = 0.1, 0.3


@dataclass(frozen=True)
class Aside:
    """A panel of the series that the paper speaks of but does not draw, and what is said of it."""

    panel: CurvePanel
    words: str


def aside_of(name: str, title: str, **frame: Any) -> Aside:
    """The panel of the series that the paper's panel `name` lacks, in a frame of its own."""
    panel = CURVE_PANELS[name]
    own = replace(panel, title=title.lower(), series=panel.extra, extra=(), **frame)
    words = f"{title}: in the paper's text, not in its figure; always the tuned setting."
    return Aside(own, words)


@dataclass(frozen=True)
class Added:
    """What is made of the curves that are drawn: panels, and what is said of them.

    beside: what stands in the legend of a panel, by its name, in place of distances. words: what is
    said of a panel where it is shown, by its name.
    """

    panels: Sequence[CurvePanel] = ()
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    caption: Sequence[str] = ()
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A panel of a page: its frame, our curves and the paper's in it.

    beside: what stands in the legend beside a series in place of its distance.
    """

    panel: CurvePanel
    curves: Sequence[lines.Curve]
    reference: pd.DataFrame
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """One experiment's panels below each other, all with the same choice of runs.

    costs: the table of curves. caption: sentences.
    """

    title: str
    shown: Sequence[Shown]
    costs: pd.DataFrame
    caption: Sequence[str]

    def figure(self) -> Figure:
        """Draw them."""
        return stack(self.title, [self._block(each) for each in self.shown], self.caption)

    def _block(self, each: Shown) -> Block:
        def draw(figure: Figure, box: Box) -> None:
            axes, beside = figure.add_axes(box), each.beside
            lines.draw(axes, each.panel, each.curves, self.costs, each.reference, beside=beside)

        room = lines.room(each.panel, each.curves, each.reference)
        return Block(_HEIGHT, draw, below=room)


def contents(
    title: str,
    panels: Sequence[CurvePanel],
    main: CurvePanel,
    tables: Tables,
    references: References,
    *,
    budget: str,
    selection: Selection,
    aside: Aside | None = None,
    added: Callable[[Sequence[lines.Curve]], Added] | None = None,
) -> Contents:
    """What a page of one experiment's `panels` holds, and what is added to them.

    main: the panel on which runs are selected.
    """
    reference, costs = references[main.name], tables.curves
    found = lines.curves_of(tables, main, reference, selection)
    more = added(found) if added else Added()
    panels = [*panels, *more.panels]
    drawn = [curve for curve in found if curve.series not in main.extra]
    others = [curve for curve in found if curve.series in main.extra]
    kept = [panel for panel in panels if reach(panel, drawn, costs) >= _SEEN * panel.x_limits[1]]
    if all(reach(panel, drawn, costs) < _EARLY * panel.x_limits[1] for panel in panels):
        kept += beginning(main, drawn, costs, reference)
    shown = [
        Shown(panel, drawn, references[panel.name], more.beside.get(panel.name, {}))
        for panel in kept or [main]
    ]
    names = [each.panel.name for each in shown]
    said = [*more.caption, *(words for name, words in more.words.items() if name in names)]
    if aside and (last := reach(aside.panel, others, costs)):
        y = _points(aside.panel, others, costs)["y"]
        low, high = aside.panel.y_limits
        limits = max(low, 0.8 * y.min()), min(high, 1.25 * y.max())
        cut = replace(aside.panel, x_limits=(0, last), y_limits=limits)
        shown.append(Shown(cut, others, reference.iloc[:0]))
        drawn, said = found, [*said, aside.words]
    there = {each.panel.name for each in shown}
    gone = [
        f"{panel.title} up to {panel.x_limits[1]:g}" for panel in panels if panel.name not in there
    ]
    words = _caption(tables, drawn, main, budget, selection, paper=len(reference) > 0)
    apart = {lines.distance(curve, main, costs, reference) for curve in drawn}
    dex = [notes.DEX, *([notes.NONE] if lines.NONE in apart else [])] if len(reference) else []
    return Contents(title, shown, costs, [*words, *notes.left_out(gone), *said, *dex])


def tuned_curves(tables: Tables, title: str) -> tuple[CurvePanel, list[lines.Curve]]:
    """The tuned curves of an experiment not in the paper, and axes for them: passes 1 and up."""
    panel = panel_for(str(tables.runs["experiment"].iloc[0]), tables.runs)
    assert isinstance(panel, CurvePanel)
    found = lines.curves_of(tables, panel, NOT_IN_THE_PAPER, Selection.TUNED)
    drawn = pd.concat([curve.runs for curve in found])
    ended = drawn.loc[drawn["status"] == Status.DONE, "run_id"]
    costs = tables.curves.loc[tables.curves["run_id"].isin(ended), "train_cost"].dropna()
    limits = (0.95 * costs.min(), 1.05 * costs.max()) if len(costs) else (0.1, 10.0)
    return replace(panel, title=title, x_limits=(1, panel.last_epoch), y_limits=limits), found


def reach(panel: CurvePanel, found: Sequence[lines.Curve], costs: pd.DataFrame) -> float:
    """How far along the x axis our curves can be seen in the panel's frame; 0 if nowhere."""
    points = _points(panel, found, costs)
    x = points["x"][(points["x"] > 0) & points["y"].between(*panel.y_limits)]
    return float(x[x <= panel.x_limits[1]].max()) if len(x) else 0.0


def beginning(
    panel: CurvePanel, found: Sequence[lines.Curve], costs: pd.DataFrame, reference: pd.DataFrame
) -> list[CurvePanel]:
    """The panel cut to what our curves reach; none where nothing of them is in it.

    A log axis goes on above the paper's, to where our curves are after the first pass.
    """
    last = reach(panel, found, costs)
    if not last:
        return []
    points = _points(panel, found, costs)
    lowest = min(
        table["y"][table["x"].between(0, last)].min()
        for table in (points, reference[reference["visible"]])
    )
    label = f"{panel.x_label}, the first {last:g} of {panel.x_limits[1]:g}"
    low, high = max(0.9 * lowest, panel.y_limits[0]), panel.y_limits[1]
    if panel.log_y:
        high = max(high, 1.1 * points["y"][points["x"].between(1, last)].max())
    return [replace(panel, x_label=label, x_limits=(0, last), y_limits=(low, high))]


def _points(panel: CurvePanel, found: Sequence[lines.Curve], costs: pd.DataFrame) -> pd.DataFrame:
    runs = pd.concat([curve.runs for curve in found]) if found else None
    empty = pd.DataFrame({"x": [], "y": []}, dtype=float)
    return empty if runs is None else plotted(runs, costs, panel)


def _caption(
    tables: Tables,
    found: Sequence[lines.Curve],
    main: CurvePanel,
    budget: str,
    selection: Selection,
    *,
    paper: bool,
) -> list[str]:
    drawn = [curve.runs for curve in found]
    names = [curve.series for curve in found]
    grid = grid_of(tables.runs)
    return [
        *notes.seeds(drawn, names, paper=paper),
        notes.chosen(selection, grid[grid["series"].isin(names)]),
        *notes.compared(grid[grid["series"].isin(names)]),
        notes.what_was_run(pd.concat(drawn), budget, main.last_epoch),
        *notes.marks([curve.choice for curve in found], drawn),
    ]
