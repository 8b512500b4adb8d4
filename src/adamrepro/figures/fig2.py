"""Figure 2: multilayer network on MNIST, with dropout (a), and SFO against Adam without it (b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adamrepro.figures import lines, style
from adamrepro.figures.page import References, head, side_by_side
from adamrepro.results.reference import PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role

_UPPER, _LOWER = PANELS["fig2b_epochs"], PANELS["fig2b_walltime"]
_BOXES = ((0.13, 0.525, 0.83, 0.335), (0.13, 0.125, 0.83, 0.335))


def make_a(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 2a from its tables."""
    return side_by_side(["fig2a"], "Figure 2a", tables, references, budget=budget, role=role)


def make_b(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 2b: cost against passes above, against wall time below (1 = one pass of Adam)."""
    found = lines.curves_of(tables, _UPPER, references[_UPPER.name], role)
    factors = passes_of_adam(found)
    figure = style.new_figure(6.2, 9.6)
    upper, lower = (figure.add_axes(box) for box in _BOXES)
    lines.draw(upper, _UPPER, found, tables.curves, references[_UPPER.name])
    timed = replace(_LOWER, stretches=factors)
    lines.draw(lower, timed, found, tables.curves, references[_LOWER.name])
    _draw_at_papers_factor(lower, found, tables)
    for axes, panel in ((upper, _UPPER), (lower, _LOWER)):
        reference = references[panel.name]
        adam = reference[reference["series"] == "Adam"]
        colour = style.colours(panel, ["Adam"])["Adam"]
        lines.draw_paper(axes, adam, colour, column="y_undone", style=":")
    below = _below(factors)
    epochs = _UPPER.last_epoch
    head(figure, "Figure 2b", tables, found, epochs, budget=budget, role=role, below=below)
    return figure


def passes_of_adam(found: Sequence[lines.Curve]) -> dict[str, float]:
    """How long one pass of each series took, in passes of Adam, over its drawn runs."""
    seconds = {
        curve.series: float((curve.runs["seconds"] / curve.runs["training.epochs"]).median())
        for curve in found
    }
    adam = seconds.get("Adam", float("nan"))
    return {name: value / adam if adam > 0 else 1.0 for name, value in seconds.items()}


def _draw_at_papers_factor(axes: Axes, found: Sequence[lines.Curve], tables: Tables) -> None:
    for curve in found:
        if curve.series in _LOWER.stretches:
            colour = style.colours(_LOWER, [curve.series])[curve.series]
            lines.draw_ours(axes, _LOWER, curve, tables.curves, colour, style="-.", width=0.9)


def _below(factors: Mapping[str, float]) -> list[str]:
    measured = [
        f"one pass of {name} took {factors[name]:.3g} passes of Adam here (solid); "
        f"dash-dotted: at the paper's {paper:g}"
        for name, paper in _LOWER.stretches.items()
        if name in factors
    ]
    undone = (
        "thin, dotted: the paper's Adam without the division by 2.3 (x \N{MINUS SIGN} 7) "
        "from x = 8 on"
    )
    extra = [name for name in _UPPER.extra if name in factors]
    beside = [f"not in the paper's figure: {', '.join(extra)}"] if extra else []
    return [*beside, undone, *(f"wall time: {line}" for line in measured)]
