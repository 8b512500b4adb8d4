"""The order of minibatches: a permutation per pass, or one order again and again."""

from enum import Enum
from typing import Any

import torch
from torch import Tensor


class Order(Enum):
    """shuffled: a fresh permutation for each pass; once: one permutation for all; fixed: none."""

    shuffled = "shuffled"
    once = "once"
    fixed = "fixed"


def batches_in(examples: int, batch_size: int) -> int:
    """Minibatches in a pass over so many examples, the last of which may be smaller."""
    return -(-examples // batch_size)


class MinibatchOrder:
    """An endless stream of minibatches (indices), the last of a pass being smaller if need be."""

    def __init__(
        self, examples: int, batch_size: int, order: Order, generator: torch.Generator
    ) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.order = order
        self.generator = generator
        self.permutation = torch.arange(examples)
        self.position = 0
        if order is not Order.fixed:
            self.permute()

    @property
    def batches_per_pass(self) -> int:
        return batches_in(self.examples, self.batch_size)

    def advance(self) -> int:
        """Return the number of the next minibatch in its pass, which may begin with it."""
        if self.position >= self.examples:
            self.position = 0
            if self.order is Order.shuffled:
                self.permute()
        number = self.position // self.batch_size
        self.position += self.batch_size
        return number

    def __getitem__(self, number: int) -> Tensor:
        """Return the indices of minibatch `number` of the present pass: int64 [<= batch_size]."""
        start = number * self.batch_size
        return self.permutation[start : start + self.batch_size]

    def permute(self) -> None:
        self.permutation = torch.randperm(self.examples, generator=self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {
            "permutation": self.permutation,
            "position": self.position,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.permutation = state["permutation"]
        self.position = state["position"]
        self.generator.set_state(state["generator"])
