"""How the figures look, in one place: colours, sizes, files of the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any

import matplotlib.style
from cycler import cycler
from matplotlib.figure import Figure

from adamrepro.files import replacing


class Style(StrEnum):
    """A choice of colours."""

    PAPER = "paper"
    COLOUR_BLIND = "colour-blind"


# By the place in each legend; what follows the six is for optimizers that the paper does not draw.
_CYCLES: Mapping[Style, tuple[str, ...]] = {
    # matplotlib's cycle of 2014
    Style.PAPER: ("b", "g", "r", "c", "m", "y", "k", "tab:orange", "tab:brown", "tab:gray"),
    # Okabe and Ito's: blue, bluish green, vermilion, sky blue, reddish purple, orange
    Style.COLOUR_BLIND: (
        *("#0072b2", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#e69f00"),
        *("k", "0.45", "0.65", "0.8"),
    ),
}
_OWN = 6
# Places in the cycle: the paper has correction in red, none in green.
_FIGURE_4 = {"corrected": 2, "uncorrected": 1}
NOTE_COLOUR = "0.3"
PAPER_LINE: Mapping[str, Any] = {"ls": "--", "lw": 0.9, "alpha": 0.85}

# Sizes are for a figure 4.5 inches wide, to be read at 430 pixels.
_RC: Mapping[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 7.5,
    "legend.framealpha": 0.85,
    "legend.handlelength": 1.8,
    "legend.labelspacing": 0.3,
    "lines.linewidth": 1.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "xtick.major.pad": 4,
    "ytick.major.pad": 4,
    "ytick.right": True,
    # Shapes instead of font files: these are the same bytes whatever the interpreter's hash seed.
    "pdf.fonttype": 3,
    "savefig.dpi": 200,
}
# No dates and no version: unchanged tables give unchanged files.
_METADATA: Mapping[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": "adamrepro"},
    "png": {"Software": None},
}


def colours(known: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Colour of each series in the current style: the `known` by their place in the legend."""
    cycle = _cycle()
    own, rest = cycle[:_OWN], cycle[_OWN:]
    found = dict(zip(known, own, strict=False))
    unknown = [name for name in others if name not in found]
    return found | {name: rest[place % len(rest)] for place, name in enumerate(unknown)}


def figure_4_colours(others: Sequence[str]) -> dict[str, str]:
    """Colours of Figure 4's two series, and of the `others`, in the current style."""
    own = {series: _cycle()[place] for series, place in _FIGURE_4.items()}
    return colours(list(own), others) | own


def _cycle() -> list[str]:
    found: list[str] = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    return found


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that belongs to no window."""
    return Figure(figsize=(width, height))


def styled(style: Style = Style.PAPER) -> AbstractContextManager[None]:
    """Context in which figures are made; the user's matplotlibrc plays no part."""
    own = {**_RC, "axes.prop_cycle": cycler(color=_CYCLES[style])}
    return matplotlib.style.context(["default", own])


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `figure` as PDF and PNG under `folder`; each appears whole or not at all."""
    paths: list[Path] = []
    for kind, metadata in _METADATA.items():
        path = folder / f"{name}.{kind}"
        with styled(), replacing(path, "wb") as file:
            figure.savefig(file, format=kind, metadata=metadata)
        paths.append(path)
    return paths
