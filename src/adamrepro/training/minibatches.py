"""The training split, cut into minibatches."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from adamrepro.training.order import MinibatchOrder


class Split(Protocol):
    """Examples on one device, from which minibatches are sliced."""

    def __len__(self) -> int: ...

    def cut(self, idx: Tensor, size: int) -> Sequence[Any]:
        """Cut examples `idx`, int64 [M] on the device, into pieces of `size` for `batch`."""
        ...

    def batch(self, idx: Any) -> tuple[Any, Tensor]:
        """Return a piece of examples, (x, y), without waiting for the device."""
        ...


class Minibatches:
    """Minibatches of a split, (x, y) on its device: one after the other, or by their number.

    The order goes to the device once a pass: a copy at every step would make each wait for the one
    before it.
    """

    def __init__(self, split: Split, order: MinibatchOrder, device: torch.device) -> None:
        self.split, self.order, self.device = split, order, device
        self.permutation: Tensor | None = None
        self.pieces: Sequence[Any] = []

    def __len__(self) -> int:
        """How many there are in a pass."""
        return self.order.batches_per_pass

    def next(self) -> tuple[Any, Tensor]:
        """Return the next one; passes follow each other without end."""
        return self[self.order.advance()]

    def __getitem__(self, number: int) -> tuple[Any, Tensor]:
        """Return minibatch `number` of the present pass."""
        if self.permutation is not self.order.permutation:
            self.permutation = self.order.permutation
            self.pieces = self.split.cut(self.permutation.to(self.device), self.order.batch_size)
        return self.split.batch(self.pieces[number])
