"""The training split, cut into minibatches."""

from typing import Any, Protocol

import torch
from torch import Tensor

from adamrepro.training.order import MinibatchOrder


class Split(Protocol):
    """Examples on one device, from which minibatches are sliced."""

    def __len__(self) -> int: ...

    def batch(self, idx: Tensor) -> tuple[Any, Tensor]: ...


class Minibatches:
    """Minibatches of a split, (x, y) on its device: one after the other, or by their number."""

    def __init__(self, split: Split, order: MinibatchOrder, device: torch.device) -> None:
        self.split, self.order, self.device = split, order, device

    def __len__(self) -> int:
        """How many there are in a pass."""
        return self.order.batches_per_pass

    def next(self) -> tuple[Any, Tensor]:
        """Return the next one; passes follow each other without end."""
        return self.split.batch(self.order.next().to(self.device))

    def __getitem__(self, number: int) -> tuple[Any, Tensor]:
        """Return minibatch `number` of the present pass."""
        return self.split.batch(self.order[number].to(self.device))
