"""Optimizers of somebody else's in the loop: as written by themselves, resumed bit for bit."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from digits import TINY_MLP, digits, make_loop, rows
from torch import nn
from torch.nn import functional as F

from adamrepro.models import Init, ModelConfig
from adamrepro.models.logistic import LogisticConfig
from adamrepro.optim import Adam, Decay, ExternalSettings, Schedule, Unit
from adamrepro.training import (
    Checkpoint,
    External,
    Interrupted,
    Loop,
    Order,
    Precision,
    Task,
    Training,
)
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.streams import stream
from listening import StopWhen

TRAINING = Training(epochs=3, batch_size=48, precision=Precision.fp64)


def make(
    cls: str,
    model: ModelConfig,
    *,
    l2: float = 0.0,
    schedule: Schedule | None = None,
    options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Loop:
    train, test = digits()
    task = Task(model=model, shape=train.shape, classes=10, seed=0, precision=TRAINING.precision)
    settings = ExternalSettings(cls=cls, kwargs=kwargs)
    members = External(task, settings, l2, schedule or Schedule())
    return Loop(members, train, test, TRAINING, 0, **(options or {}))


@pytest.mark.parametrize(
    "schedule", [Schedule(), Schedule(decay=Decay.sqrt, unit=Unit.epochs), Schedule(warmup=2)]
)
def test_torchs_adam_is_ours(schedule: Schedule) -> None:
    """With dropout, a penalty and a decaying step size."""
    (external,) = make("torch.optim.Adam", TINY_MLP, l2=1e-2, schedule=schedule, lr=0.01).run()
    (ours,) = make_loop([Adam(alpha=0.01)], TINY_MLP, TRAINING, l2=[1e-2], schedule=schedule).run()
    for row, expected in zip(external.rows, ours.rows, strict=True):
        assert row == pytest.approx(expected, rel=1e-6)


OF_NO_TENSOR = """
import torch

class Counts(torch.optim.SGD):
    def step(self, closure=None):
        self.state["steps"] = self.state.get("steps", 0) + 1
        return super().step(closure)
"""


def test_state_that_belongs_to_no_parameter_is_counted_saved_and_resumed(tmp_path: Path) -> None:
    (tmp_path / "counts.py").write_text(OF_NO_TENSOR)
    loop = make(f"{tmp_path / 'counts.py'}:Counts", TINY_MLP, lr=0.1)
    loop.run()
    assert loop.population.optimizer_bytes == 0
    again = make(f"{tmp_path / 'counts.py'}:Counts", TINY_MLP, lr=0.1)
    again.load_state_dict(loop.state_dict())
    assert again.population.optimizer.state["steps"] == 3 * loop.steps_per_epoch


def test_costs_are_evaluated_where_the_optimizer_says() -> None:
    """Schedule-free AdamW trains at one place and is evaluated at another."""
    import schedulefree

    loop = make("schedulefree.AdamWScheduleFree", LogisticConfig(init=Init.normal), lr=0.01)
    (curve,) = loop.run()
    layer = nn.Linear(64, 10).double()
    fresh = make("torch.optim.SGD", LogisticConfig(init=Init.normal), lr=0.01).population
    layer.weight.data.copy_(fresh.parameters[0][0].T)
    layer.bias.data.zero_()
    optimizer = schedulefree.AdamWScheduleFree(layer.parameters(), lr=0.01)
    train, test = digits()
    order = MinibatchOrder(len(train), 48, Order.shuffled, stream(0, "order"))
    optimizer.train()
    for _ in range(3 * order.batches_per_pass):
        x, y = train.batch(order[order.advance()])
        optimizer.zero_grad()
        F.cross_entropy(layer(x.double()), y).backward()
        optimizer.step()
    x, y = test.batch(torch.arange(len(test)))

    def clean() -> float:
        return float(F.cross_entropy(layer(x.double()), y).detach())

    while_training = clean()
    optimizer.eval()
    assert curve.rows[-1]["test_nll"] == pytest.approx(clean(), rel=1e-6)
    assert curve.rows[-1]["test_nll"] != pytest.approx(while_training, rel=1e-6)


@pytest.mark.parametrize(
    "cls", ["torch.optim.NAdam", "torch.optim.RMSprop", "schedulefree.AdamWScheduleFree"]
)
def test_resumed_bit_for_bit(cls: str, tmp_path: Path) -> None:
    whole = make(cls, TINY_MLP, lr=0.01).run()
    checkpoint = Checkpoint(tmp_path / "c", "me")
    for steps in (3, 7):
        left = iter(range(steps - 1, -1, -1))
        listener = StopWhen(lambda left=left: next(left) == 0)
        options = {"checkpoint": checkpoint, "listener": listener}
        with pytest.raises(Interrupted):
            make(cls, TINY_MLP, lr=0.01, options=options).run()
    resumed = make(cls, TINY_MLP, lr=0.01, options={"checkpoint": checkpoint}).run()
    assert json.dumps(rows(resumed)) == json.dumps(rows(whole))


BIASES_FIRST = """
import torch

class BiasesFirst(torch.optim.SGD):
    def __init__(self, params, lr=0.1, momentum=0.9):
        params = list(params)
        groups = [[p for p in params if p.ndim < 2], [p for p in params if p.ndim > 1]]
        super().__init__([{"params": group} for group in groups], lr=lr, momentum=momentum)

class Noisy(BiasesFirst):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad += 0.01 * torch.randn_like(p)
        return super().step(closure)
"""


@pytest.mark.parametrize("name", ["BiasesFirst", "Noisy"])
def test_groups_in_another_order_and_noise_are_resumed(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BIASES_FIRST)
    cls = f"{tmp_path / 'mine.py'}:{name}"
    test_resumed_bit_for_bit(cls, tmp_path)
    biases, weights = make(cls, TINY_MLP).population.optimizer.param_groups
    assert {p.ndim for p in biases["params"]} == {1}
    assert {p.ndim for p in weights["params"]} == {2}


def test_what_an_optimizer_draws_follows_from_the_seed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BIASES_FIRST)
    cls = f"{tmp_path / 'mine.py'}:Noisy"
    first = make(cls, TINY_MLP).run()
    again = make(cls, TINY_MLP)
    state = torch.manual_seed(1).get_state()
    assert json.dumps(rows(again.run())) == json.dumps(rows(first))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_run_that_diverges_ends() -> None:
    (curve,) = make("torch.optim.SGD", TINY_MLP, lr=1e30).run()
    assert curve.diverged_epoch == 1
