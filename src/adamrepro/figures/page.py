"""A page: blocks of axes below each other, the title above them, the caption below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from adamrepro.figures import style

Box = tuple[float, float, float, float]
"""left, bottom, width, height: parts of the figure."""

# Inches. A page is narrow, so that its letters can be read where it stands in half a column.
WIDTH = 4.5
_LEFT, _RIGHT = 0.62, 0.13
_TITLE = 0.27
_MARGIN = 0.1
_CAPTION_SIZE = 6.8  # points
_LINE = 1.32 * _CAPTION_SIZE / 72


@dataclass(frozen=True)
class Block:
    """Something to draw in a box as wide as the page, with room above and below; inches."""

    height: float
    draw: Callable[[Figure, Box], None]
    above: float = 0.25
    below: float = 0.42


def stack(title: str, blocks: Sequence[Block], caption: Iterable[str]) -> Figure:
    """Draw `blocks` from the top down; the caption's sentences become one paragraph."""
    lines = wrapped(" ".join(caption), (WIDTH - 2 * _MARGIN) * 72)
    foot = len(lines) * _LINE + 0.12
    height = _TITLE + sum(b.above + b.height + b.below for b in blocks) + foot
    figure = style.new_figure(WIDTH, height)
    heading = figure.text(0.5, 1 - 0.06 / height, title, ha="center", va="top")
    heading.set(fontsize=10, weight="bold", gid="title")
    top = height - _TITLE
    for block in blocks:
        bottom = top - block.above - block.height
        width = WIDTH - _LEFT - _RIGHT
        box = (_LEFT / WIDTH, bottom / height, width / WIDTH, block.height / height)
        block.draw(figure, box)
        top = bottom - block.below
    note = figure.text(_MARGIN / WIDTH, 0.06 / height, "\n".join(lines), va="bottom")
    note.set(fontsize=_CAPTION_SIZE, color=style.NOTE_COLOUR, linespacing=1.3, gid="caption")
    return figure


def wrapped(text: str, width: float) -> list[str]:
    """Break a text of the caption's size into lines of at most `width` points."""
    font, measure = FontProperties(size=_CAPTION_SIZE), TextToPath()
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        has_math = "$" in longer
        if measure.get_text_width_height_descent(longer, font, ismath=has_math)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
