"""How many members of a population fit into the memory of a GPU: tried on torch's meta device.

Tensors there have shapes and no values, so that a step of any model and rule takes milliseconds
and no memory; what it would have held is added up.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from adamrepro.data import DataSet, Dense, Sparse
from adamrepro.models import Noise
from adamrepro.runs.config import RunConfig
from adamrepro.runs.task import task_of
from adamrepro.training import Order, Population, Precision
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.streams import stream

NOWHERE = torch.device("meta")

SHARE = 0.8
"""Of the memory: the rest is for CUDA itself, workspaces of its libraries, and gaps."""


def members_that_fit(config: RunConfig, data: DataSet, memory: int) -> int:
    """Return how many members like `config` fit into so many bytes, with the data; at least 1."""
    one, two = (bytes_needed(config, data, members) for members in (1, 2))
    held = sum(each.nbytes for split in (data.train, data.test) for each in tensors_of(split))
    shared = 2 * one - two + held
    return max(1, int((SHARE * memory - shared) / (two - one)))


def bytes_needed(config: RunConfig, data: DataSet, members: int) -> int:
    """Return the most bytes held at once by so many members, in a step and in clean costs."""
    task = task_of(config, data, NOWHERE)
    if task.precision is Precision.bf16:  # nothing is cast on the meta device
        task = replace(task, precision=Precision.fp32)
    size = config.training.batch_size
    order = MinibatchOrder(size, size, Order.fixed, stream(config.seed, "order"))
    minibatches = Minibatches(Sample.of(data.train, size), order, NOWHERE)
    noise = Noise(stream(config.seed, "noise"))
    rules: Any = [config.optimizer] * members
    penalties = [config.training.l2] * members
    held = Held()
    with held:
        population = Population(task, rules, penalties, config.schedule)
        population.step(minibatches, noise, epoch=1)
        population.evaluate(Sample.of(data.train, population.CHUNK), config.seed)
    return held.most


class Held(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the memory of all tensors that are alive; `most` is the most at any time."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now, self.most = 0, 0
        self.known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), options: Any = None
    ) -> Any:
        result = operation(*args, **(options or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor) and each.device == NOWHERE:
                self.add(each.untyped_storage())
        return result

    def add(self, storage: torch.UntypedStorage) -> None:
        """Count a storage, unless it is that of another tensor, until it is freed."""
        key, size = storage._cdata, storage.nbytes()

        def freed(_: object) -> None:
            del self.known[key]
            self.now -= size

        if key not in self.known:
            self.known[key] = weakref.ref(storage, freed)
            self.now += size
            self.most = max(self.most, self.now)


@dataclass(frozen=True)
class Sample:
    """The first examples of a split, all in one piece, and without their values."""

    x: Any
    y: Tensor

    @classmethod
    def of(cls, split: Dense | Sparse, size: int) -> "Sample":
        x, y = split.batch(torch.arange(size) % len(split))
        return cls(to_meta(x), to_meta(y))

    def __len__(self) -> int:
        return len(self.y)

    def cut(self, idx: Tensor, size: int) -> Sequence[None]:
        return [None]

    def batch(self, idx: None) -> tuple[Any, Tensor]:
        return self.x, self.y


def tensors_of(thing: Any) -> list[Tensor]:
    return [each for each in vars(thing).values() if isinstance(each, Tensor)]


def to_meta(x: Any) -> Any:
    """Return a tensor, or a minibatch of sparse rows, without its values."""
    if isinstance(x, Tensor):
        return x.to(NOWHERE)
    tensors = {key: each for key, each in vars(x).items() if isinstance(each, Tensor)}
    return replace(x, **{key: each.to(NOWHERE) for key, each in tensors.items()})
