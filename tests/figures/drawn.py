"""Figures made for tests, and what is on them."""

from functools import cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from adamrepro.figures import FIGURES, style
from adamrepro.results.reference import read_references
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection
from synthetic import tables_like


def make(
    name: str, tables: Tables, selection: Selection = Selection.RECOVERED, budget: str = "full"
) -> Figure:
    """A figure from tables; Figure 4 has one page, whatever the selection."""
    return pages(name, tables, budget)["_tuned" if selection is Selection.TUNED else ""]


def usual(name: str, selection: Selection = Selection.RECOVERED) -> Figure:
    """The figure of tables like the paper's curves, made once: to be looked at only."""
    return usual_pages(name)["_tuned" if selection is Selection.TUNED else ""]


@cache
def usual_pages(name: str) -> dict[str, Figure]:
    return pages(name, tables_like(name), "full")


def pages(name: str, tables: Tables, budget: str) -> dict[str, Figure]:
    with style.styled():
        return FIGURES[name].pages(tables, read_references(), budget)


def line(axes: Axes, gid: str) -> Line2D:
    """The line with an id, such as ours:Adam."""
    found = [line for line in axes.lines if line.get_gid() == gid]
    assert found, f"no line {gid}"
    return found[0]


def texts(axes: Axes) -> list[str]:
    """The legend's labels."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def caption(figure: Figure) -> str:
    """What stands below the figure, its lines joined."""
    return next(t.get_text() for t in figure.texts if t.get_gid() == "caption").replace("\n", " ")


def aside(figure: Figure) -> Axes:
    """The panel of what the paper does not draw."""
    return figure.axes[-1]
