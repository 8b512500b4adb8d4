"""A member that diverges is recorded, dropped, and missed by nobody."""

import math

import pytest
from digits import TINY_MLP, make_loop, rows

from adamrepro.optim import SGD, Adam, Rule
from adamrepro.training import Progress, Training
from adamrepro.training import loop as loop_module

WILD = SGD(alpha=1e30)
TRAINING = Training(epochs=4, batch_size=50)


def tame(alpha: float) -> Rule:
    return SGD(alpha=alpha)


def test_diverged_members_are_recorded_and_dropped() -> None:
    loop = make_loop([tame(0.1), WILD, tame(0.01)], TINY_MLP, TRAINING)
    curves = loop.run()
    assert [curve.diverged_epoch for curve in curves] == [None, 1, None]
    assert loop.population.members == [0, 2]
    assert [row["epoch"] for row in curves[1].rows] == [0, 1]
    assert not math.isfinite(curves[1].rows[1]["train_cost"])
    for member in (0, 2):
        assert [row["epoch"] for row in curves[member].rows] == [0, 1, 2, 3, 4]
        assert all(math.isfinite(row.get("train_cost", 0)) for row in curves[member].rows)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_others_are_not_disturbed(place: int) -> None:
    others: list[Rule] = [Adam(alpha=0.01), Adam(alpha=0.1, averaging=0.5)]
    wild = Adam(alpha=1e30)
    together = [*others[:place], wild, *others[place:]]
    l2 = [0.1 * i for i in range(3)]
    kept_l2 = [value for i, value in enumerate(l2) if i != place]
    alone = rows(make_loop(others, TINY_MLP, TRAINING, l2=kept_l2).run())
    found = rows(make_loop(together, TINY_MLP, TRAINING, l2=l2).run())
    del found[place]
    for one, other in zip(found, alone, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a == pytest.approx(b, rel=1e-5)


def test_cap_on_the_cost() -> None:
    training = Training(epochs=3, batch_size=50, diverged_above=2.25)
    slow, quick = make_loop([SGD(alpha=1e-5), SGD(alpha=0.1)], training=training).run()
    assert (slow.diverged_epoch, quick.diverged_epoch) == (1, None)
    assert 2.25 < slow.rows[1]["train_cost"] < math.log(10)


def test_later_divergence_keeps_the_curve_up_to_there() -> None:
    """A step size that fits the first epochs only: made here by raising alpha on the way."""
    loop = make_loop([tame(0.1), tame(0.1)], training=TRAINING)
    while loop.epoch < 2:
        loop.step()
        if loop.steps_in_pass == loop.steps_per_epoch:
            loop.end_pass()
    loop.population.hyper.alpha[0] = 1e30
    lost, kept = loop.run()
    assert lost.diverged_epoch == 3
    assert [row["epoch"] for row in lost.rows] == [0, 1, 2, 3] or lost.rows[0]["epoch"] == 1
    assert kept.diverged_epoch is None
    assert kept.rows[-1]["epoch"] == 4


@pytest.mark.parametrize("evaluate_every", [1, 3])
@pytest.mark.parametrize("last", [2, 3])
def test_lost_in_the_last_step_of_a_pass(evaluate_every: int, last: int) -> None:
    """The pass's mean cost is finite; the clean cost is not, or a pass later the mean is not."""
    training = Training(epochs=last, batch_size=50, evaluate_every=evaluate_every)
    loop = make_loop([tame(0.1), tame(0.1)], training=training)
    while loop.epoch < 1 or loop.steps_in_pass < loop.steps_per_epoch:
        if loop.steps_in_pass == loop.steps_per_epoch:
            loop.end_pass()
        loop.step()
    loop.population.parameters[0].data[0] = math.nan
    loop.end_pass()
    lost, kept = loop.run()
    assert lost.diverged_epoch == (2 if evaluate_every == 1 or last == 2 else 3)
    assert lost.rows[-1].keys() == {"epoch", "train_cost"}
    assert kept.diverged_epoch is None
    assert kept.rows[-1]["epoch"] == last


def test_training_ends_when_all_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks now and then, so a hopeless pass is not finished either."""
    monkeypatch.setattr(loop_module, "FINITE_CHECK_STEPS", 5)
    training = Training(epochs=100, batch_size=5)
    loop = make_loop([WILD, SGD(alpha=1e31)], TINY_MLP, training)
    curves = loop.run()
    assert [curve.diverged_epoch for curve in curves] == [1, 1]
    assert loop.population.t <= 10
    state = 4 * sum(p.shape[1:].numel() for p in loop.population.parameters)
    assert loop.population.optimizer_bytes == state  # a member's, who was trained after all
    assert loop.progress().live == 0


def test_a_lost_member_says_the_same_alone_and_in_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone its pass is broken off, in company it goes on: its row must not tell."""
    monkeypatch.setattr(loop_module, "FINITE_CHECK_STEPS", 2)
    training = Training(epochs=2, batch_size=5)
    for alpha in (1e18, 1e25, 1e30, 1e37):
        (alone,) = make_loop([SGD(alpha=alpha)], TINY_MLP, training).run()
        (company, _) = make_loop([SGD(alpha=alpha), tame(0.1)], TINY_MLP, training).run()
        assert repr(alone) == repr(company)


def test_progress_names_the_best_of_the_living() -> None:
    seen: list[Progress] = []
    loop = make_loop([tame(0.1), WILD], TINY_MLP, TRAINING)
    for _ in range(3):
        loop.step()
        seen.append(loop.progress())
    assert [p.steps for p in seen] == [1, 2, 3]
    assert {p.total_steps for p in seen} == {20}
    assert all(math.isfinite(p.best_cost) for p in seen)
    assert seen[-1].live == 2
