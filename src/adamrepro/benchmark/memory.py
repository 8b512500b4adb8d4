"""Peak memory of a process that trains a population of Figure 1a."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from adamrepro.benchmark.tasks import WORKLOADS, our_loop
from adamrepro.benchmark.turns import Compared

MEMBERS = 60
"""The largest population of the full budget: SGD's step sizes times its momenta."""

LIMIT_MB = 700.0
STEPS = 20


def compare_memory(command: Sequence[str]) -> Iterator[Compared]:
    """Compare the peak that `command` prints, having called `train_population`, with the limit.

    Nothing compiled is at hand: a first run, which compiles, needs the most.
    """
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache}
        found = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
    peak = float(found.stdout)
    name = f"peak memory, {MEMBERS} members of Figure 1a / limit"
    yield Compared(name, peak, LIMIT_MB, "MB", peak / LIMIT_MB, 1.0)


def train_population(root: Path) -> float:
    """Train a population for a while; return the peak resident memory of this process in MB."""
    task = WORKLOADS["logistic MNIST"]
    loop = our_loop(task, task.load(root), MEMBERS)
    loop.add(loop.measured({}))
    for _ in range(STEPS):
        loop.step()
    return peak_memory()


def peak_memory() -> float:
    """Return the peak resident memory of this program in MB.

    Linux's ru_maxrss would begin with what the parent had when it forked, through exec too.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return float(kib) * 1024 / 1e6
