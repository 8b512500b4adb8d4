"""What a step costs by the number of members, the minibatch, and how two cores are used."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from adamrepro.benchmark.tasks import WORKLOADS, our_loop
from adamrepro.benchmark.turns import Clock, several, turns
from adamrepro.runs.machine import set_up_process
from adamrepro.training import Loop

MEMBERS = {
    "logistic MNIST": (1, 2, 4, 8, 16, 32, 64, 128),
    "MLP with dropout": (1, 2, 4, 8),
    "VAE": (1, 2, 4, 8),
}
BATCH_SIZES = {"logistic MNIST": (32, 128, 512), "MLP with dropout": (32, 128, 512)}
CORES = ("logistic MNIST", "MLP with dropout", "VAE")
"""Tasks of which a core or two are compared."""

LAYOUTS = {
    "1 process, 1 thread": (1, 1),
    "1 process, 2 threads": (1, 2),
    "2 processes, 1 thread": (2, 1),
}
"""Processes, and threads of each."""


@dataclass(frozen=True)
class Point:
    """Milliseconds of this suite per step and member, or per example (by="minibatch")."""

    task: str
    by: str
    x: str
    ms: float


def members_and_minibatches(
    root: Path, repeats: int, clock: Clock, *, shorter: int = 1
) -> Iterator[Point]:
    """Yield the cost by the number of members, and by the size of the minibatch."""
    for name, counts in MEMBERS.items():
        task, data = WORKLOADS[name], WORKLOADS[name].load(root)
        steps = max(1, task.steps // (4 * shorter))
        loops = {
            str(count): our_loop(task, data, count) for count in counts[:: 1 if shorter == 1 else 2]
        }
        for x, ms in per_step(loops, steps, repeats, clock).items():
            yield Point(name, "members", x, ms / int(x))
        sizes = BATCH_SIZES.get(name, ())
        loops = {str(size): our_loop(task, data, 1, batch_size=size) for size in sizes}
        for x, ms in per_step(loops, steps, repeats, clock).items():
            yield Point(name, "minibatch", x, ms / int(x))


def per_step(loops: dict[str, Loop], steps: int, repeats: int, clock: Clock) -> dict[str, float]:
    """Return the median milliseconds of a step of each loop."""
    work = {x: several(loop.step, steps) for x, loop in loops.items()}
    return {x: 1e3 * median(found) / steps for x, found in turns(work, repeats, clock).items()}


def cores(root: Path, *, shorter: int = 1) -> Iterator[Point]:
    """Yield the cost of two members on two cores: one process with two threads, or two of one."""
    spawn = multiprocessing.get_context("spawn")
    for label, (processes, threads) in LAYOUTS.items():
        with ProcessPoolExecutor(processes, spawn, set_up_process, (threads,)) as pool:
            for name in CORES:
                steps = max(2, WORKLOADS[name].steps // shorter)
                parts = [
                    pool.submit(train_apart, root, name, 2 // processes, steps)
                    for _ in range(processes)
                ]
                slowest = max(part.result() for part in parts)
                yield Point(name, "cores", label, 1e3 * slowest / steps / 2)


def train_apart(root: Path, name: str, members: int, steps: int) -> float:
    """Train in a process of its own; return the wall seconds of the faster of two turns."""
    loop = our_loop(WORKLOADS[name], WORKLOADS[name].load(root), members)
    for _ in range(3):
        loop.step()
    found = []
    for _ in range(2):
        started = time.perf_counter()
        for _ in range(steps):
            loop.step()
        found.append(time.perf_counter() - started)
    return min(found)
