"""Loops over 300 of scikit-learn's 8x8 digits: real, tiny, the same everywhere."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from sklearn.datasets import load_digits

from adamrepro.data import Dense
from adamrepro.models import ModelConfig, Noise
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig
from adamrepro.optim import Rule, Schedule
from adamrepro.training import (
    Interrupted,
    Loop,
    MemberCurve,
    Order,
    Population,
    Precision,
    Task,
    Training,
)

TRAIN, TEST = 250, 50
Rows = list[list[dict[str, float]]]

TINY_MLP = MlpConfig(hidden=12, dropout_input=0.2, dropout_hidden=0.5)


@cache
def digits() -> tuple[Dense, Dense]:
    """Training and test split, x uint8 [N, 64]."""
    bunch = load_digits()
    x, y = torch.tensor(bunch.data, dtype=torch.uint8), torch.tensor(bunch.target)
    cuts = slice(0, TRAIN), slice(TRAIN, TRAIN + TEST)
    train, test = (Dense(x=x[cut], y=y[cut], scale=torch.tensor(1 / 16)) for cut in cuts)
    return train, test


def make_population(
    rules: Sequence[Rule],
    model: ModelConfig | None = None,
    *,
    l2: Sequence[float] | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    precision: Precision = Precision.fp32,
    compiled: bool = False,
) -> Population:
    return Population(
        Task(
            model=model or LogisticConfig(),
            shape=torch.Size([64]),
            classes=10,
            seed=seed,
            precision=precision,
        ),
        rules,
        l2 or [0.0] * len(rules),
        schedule or Schedule(),
        compiled=compiled,
    )


def make_loop(
    rules: Sequence[Rule],
    model: ModelConfig | None = None,
    training: Training | None = None,
    *,
    l2: Sequence[float] | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    compiled: bool = False,
    train: Any = None,
    test: Any = None,
    **options: Any,
) -> Loop:
    """A loop over the digits, three epochs of six minibatches unless told otherwise."""
    training = training or Training(epochs=3, batch_size=48)
    population = make_population(
        rules,
        model,
        l2=l2,
        schedule=schedule,
        seed=seed,
        precision=training.precision,
        compiled=compiled,
    )
    splits = digits()
    return Loop(population, train or splits[0], test or splits[1], training, seed, **options)


def rows(curves: Sequence[MemberCurve]) -> Rows:
    return [curve.rows for curve in curves]


class StopAfter:
    """Asks a loop to stop after so many more steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def run_in_pieces(make: Callable[[Callable[[], bool]], Loop], pieces: Sequence[int]) -> Loop:
    """Run a loop that is stopped after each of `pieces` steps and built anew every time."""
    for steps in pieces:
        loop = make(StopAfter(steps))
        try:
            loop.run()
        except Interrupted:
            continue
        return loop
    loop = make(lambda: False)
    loop.run()
    return loop


def evaluation_noise() -> Noise:
    return Noise(torch.Generator().manual_seed(0), dropout=False)


__all__ = [
    "TEST",
    "TINY_MLP",
    "TRAIN",
    "Order",
    "Rows",
    "StopAfter",
    "digits",
    "evaluation_noise",
    "make_loop",
    "make_population",
    "rows",
    "run_in_pieces",
]
