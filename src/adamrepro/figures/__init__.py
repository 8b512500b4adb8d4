"""The paper's figures, each a function of tables. No torch here: drawing needs the tables alone."""

from adamrepro.figures.book import FIGURES, Drawn, draw
from adamrepro.figures.style import Style

__all__ = ["FIGURES", "Drawn", "Style", "draw"]
