from collections.abc import Sequence
from typing import Any

import pytest
import torch
from digits import TINY_MLP, TRAIN, digits, make_loop, rows
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from adamrepro.models import Noise
from adamrepro.optim import SGD, Adam, Rule
from adamrepro.training import Order, Training
from adamrepro.training.loop import Split
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.streams import stream

sizes = {"examples": st.integers(1, 60), "batch_size": st.integers(1, 70)}


def make_order(examples: int, batch_size: int, order: Order, seed: int = 0) -> MinibatchOrder:
    return MinibatchOrder(examples, batch_size, order, stream(seed, "order"))


def passes(order: MinibatchOrder, count: int) -> list[Tensor]:
    return [
        torch.cat([order[order.advance()] for _ in range(order.batches_per_pass)])
        for _ in range(count)
    ]


@pytest.mark.parametrize("order", Order)
@given(**sizes)
def test_a_pass_visits_every_example_once(order: Order, examples: int, batch_size: int) -> None:
    for visited in passes(make_order(examples, batch_size, order), 3):
        assert sorted(visited.tolist()) == list(range(examples))


@given(**sizes)
def test_minibatches_are_full_but_for_the_last(examples: int, batch_size: int) -> None:
    order = make_order(examples, batch_size, Order.shuffled)
    assert order.batches_per_pass == len(range(0, examples, batch_size))
    lengths = [len(order[order.advance()]) for _ in range(2 * order.batches_per_pass)]
    half = lengths[: order.batches_per_pass]
    assert lengths == half * 2
    assert all(length == batch_size for length in half[:-1])
    assert sum(half) == examples


def test_shuffled_passes_differ_and_fixed_ones_do_not() -> None:
    one, two, three = passes(make_order(100, 7, Order.shuffled), 3)
    assert not torch.equal(one, two)
    assert not torch.equal(two, three)
    assert not torch.equal(one, torch.arange(100))
    for visited in passes(make_order(100, 7, Order.fixed, seed=5), 2):
        assert torch.equal(visited, torch.arange(100))


def test_order_belongs_to_the_seed() -> None:
    first, again, other = (
        passes(make_order(100, 7, Order.shuffled, seed), 1)[0] for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("order", Order)
@given(taken=st.integers(0, 40))
def test_state_restores_the_stream(order: Order, taken: int) -> None:
    one, two = make_order(23, 4, order), make_order(23, 4, order, seed=9)
    for _ in range(taken):
        one[one.advance()]
    two.load_state_dict(one.state_dict())
    assert all(torch.equal(one[one.advance()], two[two.advance()]) for _ in range(20))


class Watched:
    """A split that remembers which examples were asked for in training."""

    def __init__(self, split: Split) -> None:
        self.split = split
        self.asked: list[list[int]] = []

    def __len__(self) -> int:
        return len(self.split)

    def cut(self, idx: Tensor, size: int) -> Sequence[Any]:
        return self.split.cut(idx, size)

    def batch(self, idx: Tensor) -> tuple[Tensor, Tensor]:
        self.asked.append(idx.tolist())
        return self.split.batch(idx)


def asked_in_training(training: Training, rules: list[Rule], **options: Any) -> list[list[int]]:
    watched = Watched(digits()[0])
    make_loop(rules, training=training, train=watched, **options).run()
    return [idx for idx in watched.asked if len(idx) < TRAIN]  # evaluation takes all at once


def test_epoch_steps_cut_the_stream_into_points() -> None:
    """Points of 4 minibatches out of a pass of 6: the order goes on where the last one ended."""
    training = Training(epochs=3, batch_size=48, epoch_steps=4, order=Order.fixed)
    asked = asked_in_training(training, [Adam()])
    firsts = [idx[0] for idx in asked]
    assert firsts == [0, 48, 96, 144, 192, 240, 0, 48, 96, 144, 192, 240]
    (curve,) = make_loop([Adam()], training=training).run()
    assert [row["epoch"] for row in curve.rows] == [0, 1, 2, 3]


def test_runs_of_one_seed_share_their_minibatches() -> None:
    """Whatever the rule, the model's noise, the company: a paired comparison."""
    training = Training(epochs=2, batch_size=48)
    one = asked_in_training(training, [Adam()])
    assert one == asked_in_training(training, [SGD(), SGD(alpha=1e9)], model=TINY_MLP)
    assert one != asked_in_training(training, [Adam()], seed=1)


def test_streams_are_apart() -> None:
    draws = {
        name: torch.rand(4, generator=stream(0, name)).tolist()
        for name in ("init", "order", "noise", "evaluation")
    }
    assert len({tuple(values) for values in draws.values()}) == 4
    assert torch.rand(4, generator=stream(0, "init")).tolist() == draws["init"]


def test_noise_leaves_the_order_alone() -> None:
    quiet, noisy = make_loop([Adam()]), make_loop([Adam()], TINY_MLP)
    for loop in (quiet, noisy):
        loop.run()
    assert torch.equal(quiet.order.permutation, noisy.order.permutation)
    fresh = Noise(stream(0, "noise"))
    assert torch.equal(quiet.noise.generator.get_state(), fresh.generator.get_state())
    assert not torch.equal(noisy.noise.generator.get_state(), fresh.generator.get_state())


def test_training_leaves_the_global_stream_alone() -> None:
    before = torch.get_rng_state()
    rows(make_loop([Adam()], TINY_MLP).run())
    assert torch.equal(torch.get_rng_state(), before)
