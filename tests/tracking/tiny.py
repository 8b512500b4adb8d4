"""A population that trains in a second, on the digits that a package ships.

python tiny.py RESULTS EPOCHS trains it in a process of its own, slowly, for tests that kill it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from adamrepro.data import MnistConfig
from adamrepro.execution import run_batch
from adamrepro.models import MODELS
from adamrepro.optim import RULES, Schedule
from adamrepro.runs.config import Data, Execution, RunConfig
from adamrepro.tracking.settings import Mode, Tracker, Tracking
from adamrepro.training import Loop, Training

TABLE = "smoke-stand-in"
ALPHAS = (1e-3, 1e-2)


def tiny(
    results: Path,
    epochs: int = 3,
    alphas: Sequence[float] = ALPHAS,
    tracker: Tracker = Tracker.wandb,
    mode: Mode | None = None,
) -> list[RunConfig]:
    return [
        RunConfig(
            experiment="fig1a",
            budget="smoke",
            series="Adam",
            reading="",
            role="grid",
            seed=0,
            dataset=MnistConfig(examples=300),
            model=MODELS["logistic"](),
            optimizer=RULES["adam"](alpha=alpha),
            schedule=Schedule(),
            training=Training(epochs=epochs, evaluate_every=2),
            data=Data(root=str(results / "no-data"), download=False, stand_in=True),
            execution=Execution(device="cpu", checkpoint_seconds=0.2),
            tracking=Tracking(name=tracker, mode=mode),
            results=str(results),
        )
        for alpha in alphas
    ]


def step_slowly(loop: Loop, step: Callable[[Loop], None] = Loop.step) -> None:
    time.sleep(0.05)
    step(loop)


if __name__ == "__main__":
    Loop.step = step_slowly  # type: ignore[method-assign]
    run_batch(tiny(Path(sys.argv[1]), int(sys.argv[2])), processes=False)
