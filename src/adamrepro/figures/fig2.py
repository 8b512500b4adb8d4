"""Figure 2: multilayer network on MNIST, with dropout (a), and SFO against Adam without it (b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adamrepro.figures.curves import Aside, Contents, References, contents
from adamrepro.figures.lines import Curve, curves_of
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.seconds import training_seconds
from adamrepro.results.select import Selection

A = CURVE_PANELS["fig2a"]
B, _TIME = CURVE_PANELS["fig2b_epochs"], CURVE_PANELS["fig2b_walltime"]
_NOISY = Aside(
    replace(B, title="with dropout", series=B.extra, extra=(), y_limits=(1e-8, 1e1)),
    "With dropout: in the paper's text, not in its figure; always the tuned setting.",
)
_UNDONE = (
    "From x = 8 on the paper's Adam is divided by 2.3 (x \N{MINUS SIGN} 7): dashed, and compared, "
    "with that undone."
)
_NO_TIMES = "Wall time: left out, for a run took no time that was measured."


def contents_a(
    tables: Tables, references: References, *, budget: str, selection: Selection
) -> Contents:
    """Figure 2a from its tables."""
    return contents(
        f"Figure 2a, {selection}", [A], tables, references, budget=budget, selection=selection
    )


def contents_b(
    tables: Tables, references: References, *, budget: str, selection: Selection
) -> Contents:
    """Figure 2b: cost against passes, against wall time (1 = one pass of Adam), with dropout."""
    passes = passes_of_adam(curves_of(tables, B, references[B.name], selection))
    known = all(passes.get(name, 0) > 0 for name in _TIME.stretches)
    timed = [replace(_TIME, title="against wall time", stretches=passes)] if known else []
    return contents(
        f"Figure 2b, {selection}",
        [B, *timed],
        tables,
        references,
        budget=budget,
        selection=selection,
        aside=_NOISY,
        beside={_TIME.name: {name: f"a pass is {of:.3g}" for name, of in passes.items()}},
        caption=[_UNDONE, _times(passes) if known else _NO_TIMES],
    )


def passes_of_adam(found: Sequence[Curve]) -> dict[str, float]:
    """How long one pass of each series took, in passes of Adam, over its drawn runs.

    Series whose time is not known are left out, all of them where that of Adam is not.
    """
    seconds = {}
    for curve in found:
        passes = curve.runs["diverged_epoch"].fillna(curve.runs["training.epochs"])
        seconds[curve.series] = float((training_seconds(curve.runs) / passes).median())
    adam = seconds.get("Adam", 0.0)
    return {name: value / adam for name, value in seconds.items() if adam > 0 and value > 0}


def _times(passes: Mapping[str, float]) -> str:
    found = [
        f"one pass of {name} took {passes[name]:.3g} passes of Adam here, {paper:g} in the paper"
        for name, paper in _TIME.stretches.items()
    ]
    return f"Wall time: {'; '.join(found)}."
