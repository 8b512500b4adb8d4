"""Figure 3: convolutional network on CIFAR-10, the first 3 passes and all 45."""

from __future__ import annotations

from matplotlib.figure import Figure

from adamrepro.figures.curves import References, page
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role

LEFT, RIGHT = CURVE_PANELS["fig3_left"], CURVE_PANELS["fig3_right"]


def make(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 3 from its tables: the paper's left panel above its right one, the same runs."""
    return page(f"Figure 3, {role}", [LEFT, RIGHT], tables, references, budget=budget, role=role)
