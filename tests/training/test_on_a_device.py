"""Training on a device that is not the processor: nothing lies elsewhere, and no step waits.

`test_gpu.py` has the numbers, for machines with a GPU; here is what can be seen without.
"""

import math
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from digits import TINY_MLP, digits
from test_every_pair import REFUSED, SMALL, stand_in
from torch import nn
from torch.nn import functional as F
from watched_device import DEVICE, Watch

from adamrepro import train_many
from adamrepro.data import DATASETS, DataSet, Source
from adamrepro.models import MODELS, ModelConfig, layers
from adamrepro.optim import RULES, Adam, ExternalSettings, Rule, Schedule, SfoSettings
from adamrepro.training import (
    External,
    Loop,
    Members,
    Order,
    Population,
    Precision,
    QuasiNewton,
    Task,
    Training,
)

NOISE: dict[str, dict[str, Any]] = {
    "logistic": {"dropout_input": 0.5},
    "mlp": {"dropout_input": 0.2, "dropout_hidden": 0.5},
    "convnet": {"dropout_hidden": 0.5},
    "vae": {"binarize": True},
}
PASSES = 2
BATCH_SIZE = 8
STARTING = {"batches.to", "vae.check"}
"""Where the data goes there, and is looked at: before the first step."""


@pytest.fixture(autouse=True)
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sparse product is the GPU's; the clock has no say in what is asked."""
    monkeypatch.setattr(layers, "_Bag", SimpleNamespace(apply=layers._bag))
    monkeypatch.setattr("adamrepro.training.loop.REPORT_SECONDS", math.inf)
    monkeypatch.setattr("adamrepro.training.loop.FINITE_CHECK_STEPS", 2)


def task_of(data: DataSet, model: ModelConfig, precision: Precision = Precision.fp32) -> Task:
    return Task(
        model=model,
        shape=data.train.shape,
        classes=data.classes,
        seed=0,
        device=DEVICE,
        precision=precision,
    )


def train(members: Members, data: DataSet, **settings: Any) -> Watch:
    training = Training(epochs=PASSES, batch_size=BATCH_SIZE, **settings)
    with Watch() as watch:
        Loop(members, data.train.to(DEVICE), data.test.to(DEVICE), training, seed=0).run()
    return watch


def population(task: Task, rules: list[Rule], schedule: Schedule | None = None) -> Population:
    return Population(task, rules, [0.0, 0.1], schedule or Schedule())


def check(watch: Watch, *, sparse: bool = False, columns: int = 3) -> None:
    """Exactly these questions and copies: a few a pass, none of them between its steps."""
    expected = {
        "loop.all_lost": PASSES,  # every second step of three
        "loop.end_pass": 2 * PASSES,
        "loop.measured": columns * (PASSES + 1),
    }
    if sparse:
        expected["batches.cut"] = PASSES + 2 * (PASSES + 1)
    asked = {name: count for name, count in watch.downloads.items() if name not in STARTING}
    assert asked == expected
    sent = {name: count for name, count in watch.uploads.items() if name not in STARTING}
    assert sent == {"minibatches.__getitem__": PASSES}
    assert set(watch.created) <= {"order.__init__", "order.permute"}


@pytest.mark.parametrize(
    ("dataset", "model"), [pair for pair in product(DATASETS, MODELS) if pair not in REFUSED]
)
def test_every_model_on_every_data_set(dataset: str, model: str) -> None:
    data, config = stand_in(dataset), MODELS[model](**SMALL.get(model, {}), **NOISE[model])
    watch = train(population(task_of(data, config), [Adam(), Adam(beta1=0.5)]), data)
    check(watch, sparse=dataset == "imdb", columns=2 if model == "vae" else 3)
    assert ("vae.check" in watch.downloads) == (model == "vae")


def some_digits() -> DataSet:
    train, test = (split.take(torch.arange(20)) for split in digits())
    return DataSet(
        name="digits", train=train, test=test, classes=10, source=Source.STAND_IN, sha256=""
    )


@pytest.mark.parametrize(
    ("name", "precision"),
    [*((name, Precision.fp32) for name in sorted(RULES)), ("adam", Precision.fp64)],
)
def test_every_rule(name: str, precision: Precision) -> None:
    """With a schedule, a penalty and averaged parameters."""
    rules, data = [RULES[name](), RULES[name](averaging=0.5)], some_digits()
    members = population(task_of(data, TINY_MLP, precision), rules, Schedule(warmup=2))
    check(train(members, data))
    for state in members.states:
        assert {tensor.device for tensor in state} == {DEVICE}


@pytest.mark.parametrize("cls", ["torch.optim.SGD", "torch.optim.Adam"])
def test_optimizers_of_somebody_elses(cls: str) -> None:
    data = some_digits()
    settings = ExternalSettings(cls=cls, kwargs={"lr": 0.1})
    watch = train(External(task_of(data, TINY_MLP), settings, 0.1, Schedule()), data)
    watch.created.pop("external.step", None)  # Adam of torch counts its steps on the processor
    check(watch)


def test_sfo() -> None:
    """It asks at every step, and keeps what is small on the processor: nothing meets its other."""
    data = some_digits()
    settings = SfoSettings(allow_noise=True)
    with Watch():
        members = QuasiNewton(task_of(data, TINY_MLP), settings, 0.1, minibatches=3)
    watch = train(members, data, order=Order.once)
    assert watch.downloads["evaluation.__call__"] >= 2 * 3 * PASSES
    assert watch.uploads["minibatches.__getitem__"] == 1


def test_a_population_that_is_lost() -> None:
    data = some_digits()
    members = population(task_of(data, TINY_MLP), [Adam(), Adam()])
    watch = train(members, data, diverged_above=0.1)
    assert members.members == []
    assert watch.downloads["loop.end_pass"] == 2


def test_many_on_a_module_of_the_users_own() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))
    data = torch.rand(20, 4), torch.arange(20) % 3
    with Watch() as watch:
        train_many(
            module,
            F.cross_entropy,
            grid={"alpha": [0.1, 0.2]},
            data=data,
            epochs=PASSES,
            batch_size=BATCH_SIZE,
            device=DEVICE,
        )
    assert set(watch.downloads) == {"loop.all_lost", "loop.end_pass", "loop.measured"}
    assert watch.uploads["minibatches.__getitem__"] == PASSES


@pytest.mark.parametrize(
    ("wrong", "asked"),
    [
        (lambda x: x.sum().item(), 1),
        (lambda x: bool((x > 0).all()), 1),
        (lambda x: x.cpu(), 1),
        (lambda x: x.tolist(), 1),
        (lambda x: x.add(1.0), 0),
    ],
)
def test_questions_are_heard(wrong: Callable[[torch.Tensor], Any], asked: int) -> None:
    there = torch.zeros(3, device=DEVICE)
    with Watch() as watch:
        wrong(there)
    assert watch.downloads.total() == asked


def test_tensors_of_two_devices_are_refused() -> None:
    there, here = torch.zeros(3, device=DEVICE), torch.zeros(3, dtype=torch.int64)
    with Watch(), pytest.raises(AssertionError, match="two devices"):
        there.index_select(0, here)
