"""A population that trains in a second, on the digits that a package ships.

python tiny.py RESULTS EPOCHS trains it in a process of its own, slowly, for tests that kill it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from adamrepro.data import MnistConfig
from adamrepro.execution import run_batch
from adamrepro.optim import RULES
from adamrepro.runs.config import RunConfig
from adamrepro.tracking.settings import Mode, Tracker, Tracking
from adamrepro.training import Loop, Training
from small import TABLES, small

TABLE = TABLES.parent.name
ALPHAS = (1e-3, 1e-2)


def tiny(
    results: Path,
    epochs: int = 3,
    alphas: Sequence[float] = ALPHAS,
    tracker: Tracker = Tracker.wandb,
    mode: Mode | None = None,
) -> list[RunConfig]:
    return small(
        results,
        [RULES["adam"](alpha=alpha) for alpha in alphas],
        checkpoint_seconds=0.2,
        series="Adam",
        dataset=MnistConfig(examples=300),
        training=Training(epochs=epochs, evaluate_every=2),
        tracking=Tracking(name=tracker, mode=mode),
    )


def step_slowly(loop: Loop, step: Callable[[Loop], None] = Loop.step) -> None:
    time.sleep(0.05)
    step(loop)


if __name__ == "__main__":
    Loop.step = step_slowly  # type: ignore[method-assign]
    run_batch(tiny(Path(sys.argv[1]), int(sys.argv[2])), processes=False)
