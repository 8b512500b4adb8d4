"""What a loop tells its listener: every point once, in order, and the rate of every whole pass."""

from pathlib import Path

import pytest
from digits import TINY_MLP, make_loop

from adamrepro.optim import SGD
from adamrepro.training import Checkpoint, Interrupted, Loop, Points, Training
from listening import Recorder

THREE_PASSES = Training(epochs=3, batch_size=48)
WILD = SGD(alpha=1e30)


def told(recorder: Recorder) -> list[Points]:
    return [message for message in recorder.heard if isinstance(message, Points)]


def as_curves(points: list[Points]) -> list[list[dict[str, float]]]:
    """The rows of members 0 and 1, as they were told."""
    rows = [row for new in points for row in new.rows]
    return [[dict(row) for member, row in rows if member == wanted] for wanted in (0, 1)]


def loop_for(recorder: Recorder, checkpoint: Checkpoint | None = None) -> Loop:
    return make_loop(
        [SGD(alpha=0.1), WILD], TINY_MLP, THREE_PASSES, checkpoint=checkpoint, listener=recorder
    )


def test_every_point_is_told_once_to_the_last_of_a_member_that_diverged() -> None:
    recorder = Recorder()
    curves = loop_for(recorder).run()
    assert curves[1].diverged_epoch == 1
    # nan is not equal to itself
    assert repr(as_curves(told(recorder))) == repr([curve.rows for curve in curves])


def test_the_rate_of_a_pass_is_its_examples_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    loop = loop_for(recorder)
    now = 0.0
    monkeypatch.setattr("adamrepro.training.loop.time.monotonic", lambda: now)
    loop.add(loop.measured({}))
    for seconds in (2.0, 5.0):
        now += seconds
        loop.examples = 100
        loop.add(loop.measured({}))
    assert [new.examples_per_second for new in told(recorder)] == [None, 50.0, 20.0]


def test_points_of_a_checkpoint_are_told_first_and_without_a_rate(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "me")
    steps = iter([False] * 8 + [True])  # in the second pass, of six steps
    stopped = Recorder(lambda: next(steps))
    with pytest.raises(Interrupted):
        loop_for(stopped, checkpoint).run()
    resumed = Recorder()
    curves = loop_for(resumed, checkpoint).run()
    first, second, third = told(resumed)
    assert repr(as_curves([first])) == repr(as_curves(told(stopped)))
    assert repr(as_curves(told(resumed))) == repr([curve.rows for curve in curves])
    # of the pass that was interrupted part of the time is unknown
    assert (first.examples_per_second, second.examples_per_second) == (None, None)
    assert third.examples_per_second is not None
    assert third.examples_per_second > 0
