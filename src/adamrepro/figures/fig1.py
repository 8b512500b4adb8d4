"""Figure 1: logistic regression on MNIST (a) and on IMDB bags of words (b)."""

from __future__ import annotations

from dataclasses import replace

from adamrepro.figures.curves import Aside, Contents, References, contents
from adamrepro.results.reference import CURVE_PANELS
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection

A, B = CURVE_PANELS["fig1a"], CURVE_PANELS["fig1b"]
_PLAIN = Aside(
    replace(B, title="without dropout", series=B.extra, extra=(), log_y=True, y_limits=(1e-8, 1.0)),
    "Without dropout: in the paper's text, not in its figure; always the tuned setting.",
)


def contents_a(
    tables: Tables, references: References, *, budget: str, selection: Selection
) -> Contents:
    """Figure 1a from its tables."""
    return contents(
        f"Figure 1a, {selection}", [A], tables, references, budget=budget, selection=selection
    )


def contents_b(
    tables: Tables, references: References, *, budget: str, selection: Selection
) -> Contents:
    """Figure 1b from its tables, and below it the runs without dropout, which the text has."""
    title = f"Figure 1b, {selection}"
    return contents(
        title, [B], tables, references, budget=budget, selection=selection, aside=_PLAIN
    )
