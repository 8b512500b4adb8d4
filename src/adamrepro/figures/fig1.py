"""Figure 1: logistic regression on MNIST (a) and on IMDB bags of words (b)."""

from __future__ import annotations

from matplotlib.figure import Figure

from adamrepro.figures.page import References, side_by_side
from adamrepro.results.schema import Tables
from adamrepro.results.select import Role


def make_a(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 1a from its tables."""
    return side_by_side(["fig1a"], "Figure 1a", tables, references, budget=budget, role=role)


def make_b(tables: Tables, references: References, *, budget: str, role: Role) -> Figure:
    """Figure 1b from its tables, with the runs without dropout, of which only the text speaks."""
    return side_by_side(
        ["fig1b"],
        "Figure 1b",
        tables,
        references,
        budget=budget,
        role=role,
        notes_below=[
            "dotted: without dropout (not in the paper's figure; always its tuned setting)"
        ],
    )
