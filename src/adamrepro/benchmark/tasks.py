"""The paper's five tasks: a step of this suite against the loops that a user would write."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from adamrepro.benchmark import peers
from adamrepro.benchmark.turns import Clock, ratio, several, turns
from adamrepro.data import CifarConfig, DataSet, Dense, ImdbConfig, MnistConfig, load_dataset
from adamrepro.models import MODELS, ModelConfig
from adamrepro.optim import Adam, Schedule, can_compile
from adamrepro.training import Loop, Population, Task, Training

GEMM_SIDE = 1024


@dataclass(frozen=True)
class Workload:
    """A task of the paper: its data, model and minibatch, and the module a user would write."""

    data: Any
    model: ModelConfig
    batch_size: int
    peer: Callable[[], nn.Module]
    steps: int
    """Of one turn."""
    members: int
    """Of the population beside a run alone; the size of a grid of the paper's figures."""
    wanted: tuple[float, float] | None = None
    """The least ratio to the plain loop, and share of the matrix product's rate, at that size."""

    def load(self, root: Path) -> DataSet:
        """Return the data set that lies under `root`, else what stands in for it."""
        return load_dataset(self.data, root=root, stand_in=True)


WORKLOADS = {
    "logistic MNIST": Workload(
        MnistConfig(),
        MODELS["logistic"](name="logistic"),
        128,
        lambda: peers.logistic(784, 10),
        steps=100,
        members=32,
        wanted=(20, 0.60),
    ),
    "logistic IMDB": Workload(
        ImdbConfig(),
        MODELS["logistic"](name="logistic", dropout_input=0.5),  # type: ignore[call-arg]
        128,
        lambda: peers.logistic(10_000, 2, dropout=0.5),
        steps=50,
        members=8,
    ),
    "MLP with dropout": Workload(
        MnistConfig(),
        MODELS["mlp"](name="mlp", dropout_input=0.2, dropout_hidden=0.5),  # type: ignore[call-arg]
        128,
        peers.mlp,
        steps=10,
        members=4,
        wanted=(1.7, 0.88),
    ),
    "VAE": Workload(
        MnistConfig(),
        MODELS["vae"](name="vae"),
        100,
        peers.PlainVae,
        steps=10,
        members=6,
        wanted=(2, 0.80),
    ),
    "ConvNet": Workload(
        CifarConfig(),
        MODELS["convnet"](name="convnet"),
        128,
        peers.convnet,
        steps=2,
        members=1,
    ),
}


@dataclass(frozen=True)
class TaskRow:
    """A task at a population's size. Times are milliseconds per step and member.

    tutorial: images one by one through PIL and ToTensor. vmap: torch.func's ensembling of as many
    members. None where there is no such thing, or it failed. gemm_share: floating point operations
    per second over those of a large matrix product in the same turns. wanted: the least ratio and
    gemm_share that are; None where none are asked for.
    """

    task: str
    members: int
    ours: float
    plain: float
    tutorial: float | None
    vmap: float | None
    ratio: float
    gemm_share: float | None
    member_epochs_per_s: float
    wanted: tuple[float, float] | None


def compare_tasks(root: Path, repeats: int, clock: Clock, *, shorter: int = 1) -> Iterator[TaskRow]:
    """Yield a row for a run alone and one for a population of each task; data or stand-ins."""
    for name, task in WORKLOADS.items():
        data = task.load(root)
        steps = max(1, task.steps // shorter)
        for members in dict.fromkeys((1, task.members)):
            yield compare_task(name, task, data, members, steps, repeats, clock)


def compare_task(
    name: str, task: Workload, data: DataSet, members: int, steps: int, repeats: int, clock: Clock
) -> TaskRow:
    """Let ours and its peers take turns of `steps` minibatches."""
    loop = our_loop(task, data, members)
    plain_data = peers.tensors(data.train)
    contenders: dict[str, peers.Work] = {
        "ours": lambda steps: several(loop.step, steps)(),
        "plain": peers.plain_loop(task.peer(), plain_data, task.batch_size),
    }
    if members > 1:
        contenders["vmap"] = peers.vmap_loop(task.peer(), members, plain_data, task.batch_size)
    elif isinstance(data.train, Dense):
        pictures = peers.Pictures(data.train)
        contenders["tutorial"] = peers.plain_loop(task.peer(), pictures, task.batch_size)
    flops = flops_of(loop)
    square = torch.ones(GEMM_SIDE, GEMM_SIDE)
    products = max(1, flops * steps // (20 * 2 * GEMM_SIDE**3))

    def gemm(steps: int) -> None:
        for _ in range(products):
            square @ square

    contenders["gemm"] = gemm
    work = {key: partial(run, steps) for key, run in contenders.items()}
    seconds = turns(work, repeats, clock)
    per_step = {key: 1e3 * median(found) / steps for key, found in seconds.items()}
    rate = [2 * GEMM_SIDE**3 * products / s for s in seconds["gemm"]]
    share = median(flops * steps / ours / r for ours, r in zip(seconds["ours"], rate, strict=True))
    passes = task.batch_size / len(data.train)
    return TaskRow(
        task=f"{name} ({data.source})",
        members=members,
        ours=per_step["ours"] / members,
        plain=per_step["plain"],
        tutorial=per_step.get("tutorial"),
        vmap=per_step["vmap"] / members if "vmap" in per_step else None,
        ratio=members * ratio(seconds["plain"], by=seconds["ours"]),
        gemm_share=share if isinstance(data.train, Dense) else None,
        member_epochs_per_s=1e3 * members * passes / per_step["ours"],
        wanted=task.wanted if members == task.members else None,
    )


def our_loop(task: Workload, data: DataSet, members: int, batch_size: int | None = None) -> Loop:
    """Return this suite's loop over a task, a population of Adams of different step sizes."""
    population = Population(
        Task(model=task.model, shape=data.train.shape, classes=data.classes, seed=0),
        [Adam(alpha=1e-4 * 10 ** (member / members)) for member in range(members)],
        [0.0] * members,
        Schedule(),
        compiled=can_compile(),
    )
    training = Training(epochs=1, batch_size=batch_size or task.batch_size)
    return Loop(population, data.train, data.test, training, seed=0)


def flops_of(loop: Loop) -> int:
    """Count the floating point operations of a step, all members: products and convolutions."""
    counter = FlopCounterMode(display=False)
    population = loop.population
    with counter:
        x, y = population.examples(*loop.minibatches.next())
        torch.autograd.grad(population.model.cost(x, y, loop.noise).sum(), population.parameters)
    return int(counter.get_total_flops())
