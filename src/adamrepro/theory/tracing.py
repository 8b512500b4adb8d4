"""Training a network for a few passes, and looking at Adam's state while it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from adamrepro.data import DataSet
from adamrepro.models import ModelConfig, Noise
from adamrepro.optim import Adam, Schedule
from adamrepro.training import Order, Population
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.streams import stream
from adamrepro.training.task import Task

BATCH_SIZE = 128  # paper


@dataclass(frozen=True)
class Layer:
    """One layer's numbers over its coordinates whose gradient was ever not zero, each flat.

    root: sqrt(v_hat). snr: |m_hat| / sqrt(v_hat). step: the last step's size over alpha.
    silent: how many coordinates never had a gradient.
    """

    name: str
    root: Tensor
    snr: Tensor
    step: Tensor
    silent: int

    def below(self, eps: float) -> float:
        """Share of all coordinates with sqrt(v_hat) < eps."""
        count = int((self.root < eps).sum()) + self.silent
        return count / (len(self.root) + self.silent)


@dataclass(frozen=True)
class Pass:
    """The end of a pass: its mean cost, and a look at every layer after each of its last steps."""

    epoch: int
    cost: float
    looks: list[list[Layer]]


def trained(
    model: ModelConfig, rule: Adam, data: DataSet, seed: int, *, epochs: int, looks: int
) -> Iterator[Pass]:
    """Train on minibatches of 128 in a fresh order each pass; yield every pass with its looks."""
    task = Task(model=model, shape=data.train.shape, classes=data.classes, seed=seed)
    population = Population(task, [rule], [0.0], Schedule())
    order = MinibatchOrder(len(data.train), BATCH_SIZE, Order.shuffled, stream(seed, "order"))
    minibatches = Minibatches(data.train, order, torch.device("cpu"))
    noise = Noise(stream(seed, "noise"))
    steps = len(minibatches)
    for epoch in range(1, epochs + 1):
        cost, examples, found = 0.0, 0, []
        for step in range(1, steps + 1):
            watched = step > steps - looks
            before = [p.detach().clone() for p in population.parameters] if watched else []
            taken = population.step(minibatches, noise, epoch)
            cost += float(taken.cost[0]) * taken.examples
            examples += taken.examples
            if watched:
                found.append(list(layers(population, rule, before)))
        yield Pass(epoch, cost / examples, found)


def layers(population: Population, rule: Adam, before: list[Tensor]) -> Iterator[Layer]:
    """Each weight's numbers after a step; `before` holds the parameters as they were."""
    unbias1 = 1 / (1 - rule.beta1**population.t)
    unbias2 = 1 / (1 - rule.beta2**population.t)
    rows: Any = zip(population.model.named_parameters(), population.states, before, strict=True)
    for (name, parameter), state, old in rows:
        if not name.endswith("weight"):
            continue
        seen = state.v > 0
        root = (state.v[seen] * unbias2).sqrt()
        step = (parameter.detach()[seen] - old[seen]).abs() / rule.alpha
        snr = state.m[seen].abs() * unbias1 / root
        silent = seen.numel() - len(root)
        yield Layer(name.removesuffix(".weight"), root, snr, step, silent)
