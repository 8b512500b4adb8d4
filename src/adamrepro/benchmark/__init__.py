"""Comparisons with plain PyTorch: same machine, same threads, same process, turn by turn."""

from adamrepro.benchmark.memory import Stage, compare_memory, memory_by_stage, train_population
from adamrepro.benchmark.profile import Profile, profiles
from adamrepro.benchmark.quasi_newton import compare_sfo
from adamrepro.benchmark.scaling import Point, cores, members_and_minibatches
from adamrepro.benchmark.tasks import TaskRow, compare_tasks
from adamrepro.benchmark.turns import Clock, Compared
from adamrepro.benchmark.updates import compare_drop_in, compare_updates

__all__ = [
    "Clock",
    "Compared",
    "Point",
    "Profile",
    "Stage",
    "TaskRow",
    "compare_drop_in",
    "compare_memory",
    "compare_sfo",
    "compare_tasks",
    "compare_updates",
    "cores",
    "members_and_minibatches",
    "memory_by_stage",
    "profiles",
    "train_population",
]
