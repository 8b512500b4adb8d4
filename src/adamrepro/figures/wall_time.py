"""Figure 2b against wall time, whose unit is one pass of Adam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adamrepro.figures.curves import Added
from adamrepro.figures.lines import Curve
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.seconds import training_seconds

_TIME = CURVE_PANELS["fig2b_walltime"]
_COSTS = (
    "SFO: cost of the whole training set after pass x, noise off; Adam: mean over pass x + 1, as "
    "it trains."
)
_UNDONE = (
    "From x = 8 on the paper's Adam is divided by 2.3 (x \N{MINUS SIGN} 7): dashed, and compared, "
    "with that undone; dotted, as plotted."
)
_NO_TIMES = "Wall time: left out, for a run took no time that was measured."


def wall_time(found: Sequence[Curve]) -> Added:
    """A panel against wall time; none where a run took no time that was measured."""
    passes = passes_of_adam(found)
    if not all(passes.get(name, 0) > 0 for name in _TIME.stretches):
        return Added(caption=[_COSTS, _UNDONE, _NO_TIMES])
    panel = replace(_TIME, title="against wall time", stretches=passes)
    beside = {name: f"a pass is {of:.3g}" for name, of in passes.items()}
    return Added([panel], {_TIME.name: beside}, [_COSTS, _UNDONE], {_TIME.name: _told(passes)})


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


def _told(passes: Mapping[str, float]) -> str:
    found = [
        f"one pass of {name} took {passes[name]:.3g} passes of Adam here, {paper:g} in the paper"
        for name, paper in _TIME.stretches.items()
    ]
    return f"Wall time: {'; '.join(found)}."
