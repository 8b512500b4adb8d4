"""A sweep to be killed: python sweep.py RESULTS WORKERS runs it in processes, step by slow step.

STARVE=sgd leaves the workers without memory when they train that rule. CLOCK=jumps moves the wall
clock by years between any two looks at it.
"""

import itertools
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from adamrepro.cli.overrides import explained
from adamrepro.execution import batch, run_batch
from adamrepro.optim import RULES
from adamrepro.runs.config import RunConfig
from adamrepro.training import Loop, MemberCurve
from small import small, three_rules

EPOCHS = 40
OFTEN = 0.02
"""Seconds between checkpoints, so that there is something to resume from."""


def long_sweep(
    results: Path, workers: int = 1, checkpoint_seconds: float = 60.0
) -> list[RunConfig]:
    """Three populations, one of which loses a member in its first epoch."""
    wild = RULES["adam"](alpha=1e30)
    configs = small(
        results,
        [wild, *three_rules()],
        epochs=EPOCHS,
        workers=workers,
        checkpoint_seconds=checkpoint_seconds,
    )
    for config in configs:
        config.training.evaluate_every = 20
    return configs


def step_slowly(loop: Loop, step: Callable[[Loop], None] = Loop.step) -> None:
    if loop.population.rule.name == os.environ.get("STARVE"):
        starve()
    time.sleep(0.002)
    step(loop)


def starve() -> None:
    """Ask for more memory than this process may have."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + 2**26, limits[1]))
    try:
        torch.empty(2**28)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def run_noted(loop: Loop, run: Callable[[Loop], list[MemberCurve]] = Loop.run) -> list[MemberCurve]:
    """Note in RESULTS.trained that a population is trained."""
    assert loop.checkpoint is not None
    with Path(f"{sys.argv[1]}.trained").open("a") as log:
        log.write(f"{loop.checkpoint.identity}\n")
    return run(loop)


if __name__ in ("__main__", "__mp_main__"):  # the latter in its workers
    Loop.step = step_slowly  # type: ignore[method-assign]
    Loop.run = run_noted  # type: ignore[method-assign]
    if os.environ.get("CLOCK") == "jumps":
        years = itertools.cycle([0.0, 4e9, -1e9])
        time.time = lambda now=time.time: now() + next(years)  # type: ignore[misc]

if __name__ == "__main__":
    batch.SMALL_BATCH = 0
    with explained():
        run_batch(long_sweep(Path(sys.argv[1]), int(sys.argv[2]), OFTEN), processes=True)
