"""Figure 3: convolutional network on CIFAR-10, the first 3 passes and all 45."""

from __future__ import annotations

from adamrepro.figures.curves import Contents, References, contents
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection

LEFT, RIGHT = CURVE_PANELS["fig3_left"], CURVE_PANELS["fig3_right"]


def contents_of(
    tables: Tables, references: References, *, budget: str, selection: Selection
) -> Contents:
    """Figure 3 from its tables: the paper's left panel above its right one, the same runs."""
    return contents(
        f"Figure 3, {selection}",
        [LEFT, RIGHT],
        tables,
        references,
        budget=budget,
        selection=selection,
    )
