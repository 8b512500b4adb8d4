"""Peak memory of a process that trains a population of Figure 1a."""

import resource
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from adamrepro.benchmark.grids import digits, grid_of_adams
from adamrepro.benchmark.turns import Row

MEMBERS = 64
"""As many as a population of logistic regressions has on a CPU."""

LIMIT_MB = 1000.0
STEPS = 20


def compare_memory(command: Sequence[str]) -> Iterator[Row]:
    """Compare the peak that `command` prints, having called `train_population`, with the limit."""
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    peak = float(found.stdout)
    name = f"peak memory, {MEMBERS} members of Figure 1a / limit"
    yield Row(name, peak, LIMIT_MB, "MB", peak / LIMIT_MB, "<= 1")


def train_population(root: Path) -> float:
    """Train a population for a while; return the peak resident memory of this process in MB."""
    loop = grid_of_adams(digits(root), MEMBERS)
    loop.record({})
    for _ in range(STEPS):
        loop.step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
