"""Training a grid: a population against the loop that a user would write, one member at a time."""

from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from adamrepro.benchmark.turns import Clock, Row, ratio, turns
from adamrepro.data import DataSet, Dense, MnistConfig, load_dataset
from adamrepro.models import MODELS
from adamrepro.optim import Adam, Decay, Schedule, can_compile
from adamrepro.training import Loop, Population, Task, Training

BATCH = 128
MEMBERS = 32


def compare_grids(root: Path, steps: int, repeats: int, clock: Clock) -> Iterator[Row]:
    """Compare member-epochs per second, in turns of `steps` minibatches."""
    data = digits(root)
    loop, plain = grid_of_adams(data, MEMBERS), plain_loop(data)

    def ours() -> None:
        for _ in range(steps):
            loop.step()

    seconds = turns({"ours": ours, "plain": lambda: plain(steps)}, repeats, clock)
    epochs = steps * BATCH / len(data.train)
    yield Row(
        name=f"logistic regression, {MEMBERS} members ({data.source} digits) / plain loop",
        ours=MEMBERS * epochs / median(seconds["ours"]),
        peer=epochs / median(seconds["plain"]),
        unit="member-epochs/s",
        ratio=MEMBERS * ratio(seconds["plain"], by=seconds["ours"]),
        wanted=">= 10",
    )


def digits(root: Path) -> DataSet:
    """MNIST if it lies under `root`, else the digits that stand in for it."""
    return load_dataset(MnistConfig(), root=root, stand_in=True)


def grid_of_adams(data: DataSet, members: int) -> Loop:
    """Return our training loop on logistic regression with `members` step sizes."""
    model = MODELS["logistic"](name="logistic")
    population = Population(
        Task(model=model, shape=data.train.shape, classes=data.classes, seed=0),
        [Adam(alpha=1e-4 * 100 ** (member / members)) for member in range(members)],
        [0.0] * members,
        Schedule(decay=Decay.sqrt),
        compiled=can_compile(),
    )
    return Loop(population, data.train, data.test, Training(epochs=1, batch_size=BATCH), seed=0)


def plain_loop(data: DataSet) -> Callable[[int], None]:
    """Return the loop that a user would write for one member, given the number of minibatches."""
    assert isinstance(data.train, Dense)
    dataset = TensorDataset(*data.train.batch(torch.arange(len(data.train))))
    loader = DataLoader(dataset, batch_size=BATCH, shuffle=True)
    model = nn.Linear(data.train.shape.numel(), data.classes)
    optimizer = torch.optim.Adam(model.parameters())

    def train(steps: int) -> None:
        total = 0.0
        for x, y in islice(chain.from_iterable(repeat(loader)), steps):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item() * len(y)

    return train
