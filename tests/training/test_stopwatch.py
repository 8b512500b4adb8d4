"""Time spent on training: exact, without what is no training, and whole after interruptions."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from digits import TINY_MLP, make_loop, run_in_pieces

from adamrepro.optim import SGD
from adamrepro.training import Checkpoint, Loop, Population, Training
from listening import StopWhen

STEP, CPU_STEP, NOT_TRAINING = 1.25, 0.75, 1000.0
"""Seconds that binary fractions hold exactly."""

THREE_PASSES = Training(epochs=3, batch_size=48)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still but for steps, and for clean costs and checkpoints."""
    now = {"wall": 5e5, "cpu": 0.0}
    time = SimpleNamespace(monotonic=lambda: now["wall"], process_time=lambda: now["cpu"])
    monkeypatch.setattr("adamrepro.training.stopwatch.time", time)
    monkeypatch.setattr("adamrepro.training.loop.time", time)

    def taking(owner: type, name: str, wall: float, cpu: float) -> None:
        original = getattr(owner, name)

        def wrapped(*arguments: object, **options: object) -> object:
            now["wall"] += wall
            now["cpu"] += cpu
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, wrapped)

    taking(Loop, "step", STEP, CPU_STEP)
    taking(Population, "evaluate", NOT_TRAINING, NOT_TRAINING)
    taking(Checkpoint, "save", NOT_TRAINING, NOT_TRAINING)
    taking(Checkpoint, "load", NOT_TRAINING, NOT_TRAINING)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("pieces", [[], [3, 5, 6]])
def test_seconds_are_those_of_the_steps_however_often_interrupted(
    pieces: list[int], tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "me")
    loop = run_in_pieces(
        lambda stop: make_loop(
            [SGD(alpha=0.1)],
            TINY_MLP,
            THREE_PASSES,
            checkpoint=checkpoint,
            checkpoint_seconds=2 * STEP,
            listener=StopWhen(stop),
        ),
        pieces,
    )
    steps = 3 * loop.steps_per_epoch
    assert (loop.watch.seconds, loop.watch.cpu_seconds) == (steps * STEP, steps * CPU_STEP)
