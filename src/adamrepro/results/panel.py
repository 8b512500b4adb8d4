"""What a panel of the paper is made of: curves over passes, or a grid of points.

A panel says which of our costs at which epoch stands for a point of the paper, so that drawing,
comparing and selecting all look at the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Axes and legend of one panel of the paper, and the cost that stands for it."""

    name: str
    experiment: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    x_label: str
    y_label: str
    series: tuple[str, ...]
    """In the order of the paper's legend, from which the colours follow."""
    extra: tuple[str, ...] = ()
    """Series that the paper speaks of but does not draw."""
    cost: str
    """The column of our curves that is shown."""


@dataclass(frozen=True, kw_only=True)
class CurvePanel(Frame):
    """Cost against passes: a curve per series, of one setting that is selected from its grid.

    The paper's point x of a series is our `cost` at epoch x / stretch + shift; `costs`, `shifts`
    and `stretches` hold the series that differ from the common value. Epoch k is "k passes done":
    train_cost at epoch k is the mean over pass k. Epoch 0 has no train_cost; the cost before any
    step, train_nll, stands for it.
    """

    title: str
    log_y: bool = False
    x_label: str = "iterations over entire dataset"
    y_label: str = "training cost"
    cost: str = "train_cost"
    costs: Mapping[str, str] = field(default_factory=dict)
    shift: int = 0
    shifts: Mapping[str, int] = field(default_factory=dict)
    stretches: Mapping[str, float] = field(default_factory=dict)
    y_reference: str = "y"
    """The column of the reference table that ours is compared with."""

    def cost_of(self, series: str) -> str:
        """The column of our curves that is shown."""
        return self.costs.get(series, self.cost)

    def shift_of(self, series: str) -> int:
        """Epochs that our epoch is ahead of the paper's index."""
        return self.shifts.get(series, self.shift)

    def stretch_of(self, series: str) -> float:
        """Units of the paper's x axis per pass."""
        return self.stretches.get(series, 1.0)

    @property
    def last_epoch(self) -> int:
        """The last of our epochs that the panel shows."""
        return max(self.last_epoch_of(name) for name in self.series)

    def last_epoch_of(self, series: str) -> int:
        """The last of our epochs that the panel shows of a series."""
        return int(self.x_limits[1] / self.stretch_of(series)) + self.shift_of(series)


@dataclass(frozen=True, kw_only=True)
class GridPanel(Frame):
    """Cost after `epochs` passes against log10(alpha): every grid point is shown, none selected.

    A block of small panels for each of `epochs`: a row for each beta1, a column for each beta2.
    """

    epochs: tuple[int, ...]
    beta1: tuple[float, ...]
    beta2: tuple[float, ...]
    cap: float
    """The loss at which the paper draws every run that diverged."""

    @property
    def last_epoch(self) -> int:
        """The last of our epochs that the panel shows."""
        return max(self.epochs)


Panel = CurvePanel | GridPanel
