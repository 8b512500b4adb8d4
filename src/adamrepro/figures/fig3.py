"""Figure 3: convolutional network on CIFAR-10, the first 3 passes and all 45."""

from __future__ import annotations

from matplotlib.figure import Figure

from adamrepro.figures.page import References, side_by_side
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role


def make(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 3 from its tables: left and right panel, the same runs in both."""
    names = ["fig3_left", "fig3_right"]
    return side_by_side(names, "Figure 3", tables, references, budget=budget, role=role)
