"""Peak memory of a process that trains a population of Figure 1a."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adamrepro.benchmark.tasks import WORKLOADS, our_loop
from adamrepro.benchmark.turns import Compared

MEMBERS = 60
"""The largest population of the full budget: SGD's step sizes times its momenta."""

LIMIT_MB = 700.0
STEPS = 20


@dataclass(frozen=True)
class Stage:
    """The peak resident memory of a process, in MB, when it has come so far."""

    after: str
    mb: float


def memory_by_stage(command: Sequence[str]) -> list[Stage]:
    """Return what `command` prints, having called `train_population`.

    Nothing compiled is at hand: a first run, which compiles, needs the most.
    """
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache}
        found = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
    return [Stage(**stage) for stage in json.loads(found.stdout)]


def compare_memory(stages: Sequence[Stage]) -> Compared:
    """Compare the peak at the end with the limit."""
    peak = stages[-1].mb
    name = f"peak memory, {MEMBERS} members of Figure 1a / limit"
    return Compared(name, peak, LIMIT_MB, "MB", peak / LIMIT_MB, 1.0)


def train_population(root: Path) -> Iterator[Stage]:
    """Train a population for a while, and say what this process has needed so far."""
    yield Stage("imports", peak_memory())
    task = WORKLOADS["logistic MNIST"]
    data = task.load(root)
    yield Stage("data set", peak_memory())
    loop = our_loop(task, data, MEMBERS)
    loop.add(loop.measured({}))
    yield Stage("clean costs", peak_memory())
    loop.step()
    yield Stage("first step, which compiles the update", peak_memory())
    for _ in range(STEPS):
        loop.step()
    yield Stage(f"{STEPS} more steps", peak_memory())


def peak_memory() -> float:
    """Return the peak resident memory of this program in MB.

    Linux's ru_maxrss would begin with what the parent had when it forked, through exec too.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return float(kib) * 1024 / 1e6
