"""A sweep to be killed: python sweep.py RESULTS WORKERS runs it in processes, step by slow step."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from adamrepro.config import RunConfig
from adamrepro.execution import batch, run_batch
from adamrepro.optim import RULES
from adamrepro.training import Loop
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
    time.sleep(0.002)
    step(loop)


if __name__ in ("__main__", "__mp_main__"):  # the latter in its workers
    Loop.step = step_slowly  # type: ignore[method-assign]

if __name__ == "__main__":
    batch.SMALL_BATCH = 0
    run_batch(long_sweep(Path(sys.argv[1]), int(sys.argv[2]), OFTEN), processes=True)
