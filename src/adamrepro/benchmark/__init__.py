"""Comparisons with plain PyTorch: same machine, same threads, same process, turn by turn."""

from adamrepro.benchmark.grids import compare_grids
from adamrepro.benchmark.memory import compare_memory, train_population
from adamrepro.benchmark.quasi_newton import compare_sfo
from adamrepro.benchmark.turns import Clock, Row
from adamrepro.benchmark.updates import compare_updates

__all__ = [
    "Clock",
    "Row",
    "compare_grids",
    "compare_memory",
    "compare_sfo",
    "compare_updates",
    "train_population",
]
