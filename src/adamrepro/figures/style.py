"""How the figures look, in one place: colours, sizes, files of the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from adamrepro.files import replacing
from adamrepro.results.reference import Panel

# The paper's colours, in the order of each legend (matplotlib's cycle of 2014).
_PAPER_CYCLE = ("b", "g", "r", "c", "m", "y")
# For optimizers that the paper does not draw.
_OTHER_CYCLE = ("k", "tab:orange", "tab:brown", "tab:gray", "tab:pink")
FIGURE_4_COLOURS = {"corrected": "r", "uncorrected": "g"}
NOTE_COLOUR = "0.35"

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "xtick.major.pad": 5,
    "ytick.major.pad": 5,
    "ytick.right": True,
    # Shapes instead of font files: these are the same bytes whatever the interpreter's hash seed.
    "pdf.fonttype": 3,
    "savefig.dpi": 150,
}
# No dates and no version: unchanged tables give unchanged files.
_METADATA: Mapping[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": "adamrepro"},
    "png": {"Software": None},
}


def colours(panel: Panel, series: list[str]) -> dict[str, str]:
    """Colour of each of `series` and of the panel's own: by the place in its legend.

    A series beside the legend, "X+dropout" of X or X of "X+dropout", shares the other's colour.
    """
    found = dict(zip(panel.series, _PAPER_CYCLE, strict=False))
    for name in panel.extra:
        kin = (f"{name}+dropout", name.removesuffix("+dropout"))
        found[name] = next(found[relative] for relative in kin if relative in found)
    others = [name for name in series if name not in found]
    for place, name in enumerate(others):
        found[name] = _OTHER_CYCLE[place % len(_OTHER_CYCLE)]
    return found


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that belongs to no window."""
    return Figure(figsize=(width, height))


def styled() -> AbstractContextManager[None]:
    """Context in which figures are made and saved; the user's matplotlibrc plays no part."""
    return matplotlib.style.context(["default", _RC])


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `figure` as PDF and PNG under `folder`; each appears whole or not at all."""
    paths: list[Path] = []
    for kind, metadata in _METADATA.items():
        path = folder / f"{name}.{kind}"
        with styled(), replacing(path, "wb") as file:
            figure.savefig(file, format=kind, metadata=metadata)
        paths.append(path)
    return paths
