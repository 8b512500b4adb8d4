"""Figure 4's grid: the loss at every point, seed by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.results.fidelity import figure_4_losses, rounded
from adamrepro.results.reference import FIGURE_4
from adamrepro.results.schema import Tables
from adamrepro.results.select import every_point

EARLY, LATE = FIGURE_4.epochs
STABLE = 140.0
"""Nats: the top of the paper's panels. A run whose loss is above it is not in the picture."""
SERIES = ("corrected", "uncorrected")
POINT = ["series", "beta1", "beta2", "alpha"]


@dataclass(frozen=True)
class Grid:
    """Losses in nats at the paper's grid points, of the seeds that have all of them.

    name: the cost that they are. losses: by epochs (10 and 100), each [series, beta1, beta2, alpha,
    seed] in the order of SERIES and of the axes below; a run that had diverged has the paper's 400.
    paper: the paper's own, the same less seed; nan where its figure does not hold the point.
    """

    name: str
    beta1: tuple[float, ...]
    beta2: tuple[float, ...]
    alpha: tuple[float, ...]
    seeds: tuple[int, ...]
    losses: dict[int, np.ndarray]
    paper: dict[int, np.ndarray]

    @property
    def runs(self) -> int:
        """How many runs stand behind the losses."""
        return int(self.losses[LATE].size)


def read_grid(tables: Tables, reference: pd.DataFrame, column: str) -> Grid:
    """The paper's grid points among the runs, for the seeds that have all of them."""
    paper = reference.assign(alpha=rounded(reference["alpha"]))
    axes = {name: tuple(sorted(set(paper[name]))) for name in POINT[1:]}
    points = pd.MultiIndex.from_product([SERIES, *axes.values()], names=POINT)
    shape = (len(SERIES), *map(len, axes.values()))
    found = figure_4_losses(every_point(tables.runs), tables.curves, list(FIGURE_4.epochs), column)
    found = found.assign(alpha=rounded(found["alpha"]))
    found = found.drop_duplicates([*POINT, "epochs", "seed"])
    by_epochs = {
        epochs: found[found["epochs"] == epochs]
        .pivot(index=POINT, columns="seed", values="loss")
        .reindex(points)
        for epochs in FIGURE_4.epochs
    }
    whole = [{int(str(seed)) for seed in table.dropna(axis=1)} for table in by_epochs.values()]
    seeds = sorted(set.intersection(*whole))
    theirs = {
        epochs: paper[paper["epochs"] == epochs].set_index(POINT)["loss"].reindex(points)
        for epochs in FIGURE_4.epochs
    }
    return Grid(
        name=column,
        **axes,
        seeds=tuple(seeds),
        losses={
            epochs: table[seeds].to_numpy(dtype=float).reshape(*shape, len(seeds))
            for epochs, table in by_epochs.items()
        },
        paper={epochs: column.to_numpy().reshape(shape) for epochs, column in theirs.items()},
    )


def missing(tables: Tables, reference: pd.DataFrame) -> str:
    """Which values of the paper's grid no run has: "beta2 0.999; alpha 3e-05, 0.01"; "" if none."""
    runs = every_point(tables.runs)
    found = []
    for name in POINT[1:]:
        have = set(rounded(runs[f"optimizer.{name}"]))
        lacking = sorted(set(rounded(reference[name])) - have)
        if lacking:
            found.append(f"{name} {', '.join(f'{value:g}' for value in lacking)}")
    return "; ".join(found)
