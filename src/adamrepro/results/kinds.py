"""What a run is for, and how it ended: the values of two columns of runs.csv."""

from enum import StrEnum


class Role(StrEnum):
    """Settings are chosen from a grid, and drawn from what confirms them on fresh seeds."""

    GRID = "grid"
    CONFIRM = "confirm"
    SINGLE = "single"


class Status(StrEnum):
    """To its last pass, or diverged in the one that its row names."""

    DONE = "done"
    DIVERGED = "diverged"
