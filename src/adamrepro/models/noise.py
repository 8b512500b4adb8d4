"""Noise in the cost: drawn once per minibatch, shared by all members of a population."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from adamrepro.models.layers import Input


@dataclass(frozen=True)
class Noise:
    """The noise stream of a cost; `dropout` is off where clean costs are taken."""

    generator: torch.Generator
    dropout: bool = True

    def drop(self, x: Input, rate: float) -> Any:
        """Apply inverted dropout: zero entries with probability `rate`, scale the rest.

        The mask has no member axis: [B, in] for an input [B, in] or [R, B, in]. For sparse rows
        only the non-zero entries are drawn: the rest is zero with or without a mask.
        """
        if rate == 0 or not self.dropout:
            return x
        if not isinstance(x, Tensor):
            return replace(x, val=x.val * self.mask(x.val, rate))  # type: ignore[type-var]
        return x * self.mask(x[0] if x.dim() == 3 else x, rate)

    def mask(self, like: Tensor, rate: float) -> Tensor:
        """Return a mask shaped like `like` with entries 0 or 1/(1 - rate), of mean 1."""
        keep = torch.empty_like(like).bernoulli_(1 - rate, generator=self.generator)
        return keep.div_(1 - rate)

    def normal(self, *shape: int, like: Tensor) -> Tensor:
        """Draw N(0, 1)."""
        return torch.randn(shape, generator=self.generator, dtype=like.dtype, device=like.device)

    def binarize(self, probabilities: Tensor) -> Tensor:
        """Draw 0 or 1 with the given probabilities."""
        return torch.bernoulli(probabilities, generator=self.generator)
