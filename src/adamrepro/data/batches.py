"""A split of a data set held as tensors, and the minibatches cut from it.

Data sits on one device in its smallest exact form (bytes stay bytes, word counts stay sparse); a
minibatch is an index slice that is turned into float32 when it is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SparseBatch:
    """B rows of a compressed sparse row matrix.

    Attributes:
        crow: row starts and the final end, int64 [B + 1].
        col: feature indices of the non-zeros, int64 [nnz], row after row.
        val: values of the non-zeros, float32 [nnz].
        features: number of columns of the matrix.
    """

    crow: Tensor
    col: Tensor
    val: Tensor
    features: int

    def __len__(self) -> int:
        """Number of rows, B."""
        return len(self.crow) - 1


@dataclass(frozen=True, kw_only=True)
class Dense:
    """N examples as one tensor.

    Attributes:
        x: inputs as stored, uint8 or float32 [N, ...].
        y: class numbers, int64 [N].
        scale: float32 factor that broadcasts against a batch of x, or None for 1.
        shift: float32 term that broadcasts against a batch of x, or None for 0.
    """

    x: Tensor
    y: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None

    def __len__(self) -> int:
        """Number of examples, N."""
        return self.y.shape[0]

    @property
    def shape(self) -> torch.Size:
        """Shape of one example."""
        return self.x.shape[1:]

    def cut(self, idx: Tensor, size: int) -> Sequence[Tensor]:
        """Cut examples `idx` (int64 [M]) into pieces of `size` for `batch`, the last smaller."""
        return torch.split(idx, size)

    def batch(self, idx: Tensor) -> tuple[Tensor, Tensor]:
        """Examples `idx` (int64 [B]) as (x * scale + shift, float32 [B, ...]; y, int64 [B])."""
        # index_select copies, so that the in-place arithmetic never reaches the stored data
        x = self.x.index_select(0, idx).to(torch.float32)
        if self.scale is not None:
            x.mul_(self.scale)
        if self.shift is not None:
            x.add_(self.shift)
        return x, self.y.index_select(0, idx)

    def take(self, idx: Tensor) -> Dense:
        """The examples `idx` (int64 [M]) as a split of their own."""
        return replace(self, x=self.x.index_select(0, idx), y=self.y.index_select(0, idx))

    def to(self, device: torch.device | str) -> Dense:
        """The same split on `device`."""
        return replace(
            self,
            x=self.x.to(device),
            y=self.y.to(device),
            scale=None if self.scale is None else self.scale.to(device),
            shift=None if self.shift is None else self.shift.to(device),
        )


class Rows(NamedTuple):
    """Examples of a sparse split, and how many non-zeros they have together."""

    idx: Tensor  # int64 [B]
    nonzeros: int


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """N examples as a compressed sparse row matrix.

    Attributes:
        crow: row starts and the final end, int64 [N + 1].
        col: column of each non-zero, int32 [nnz], ascending and distinct within a row.
        val: value of each non-zero, float32 [nnz].
        y: class numbers, int64 [N].
        features: number of columns.
    """

    crow: Tensor
    col: Tensor
    val: Tensor
    y: Tensor
    features: int

    def __len__(self) -> int:
        """Number of examples, N."""
        return self.y.shape[0]

    @property
    def shape(self) -> torch.Size:
        """Shape of one example."""
        return torch.Size([self.features])

    def _lengths(self, idx: Tensor) -> Tensor:
        """How many non-zeros each of the rows `idx` has: int64 [B]."""
        return self.crow.index_select(0, idx + 1).sub_(self.crow.index_select(0, idx))

    def _nonzeros(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Where the non-zeros of B rows lie [nnz]; their row starts there [B + 1]."""
        length = self._lengths(rows.idx)
        crow = torch.cat([length.new_zeros(1), length.cumsum(0)])
        where = torch.arange(rows.nonzeros, device=length.device)
        shift = self.crow.index_select(0, rows.idx) - crow[:-1]
        where += torch.repeat_interleave(shift, length, output_size=rows.nonzeros)
        return where, crow

    def cut(self, idx: Tensor, size: int) -> Sequence[Rows]:
        """Cut examples `idx` (int64 [M]) into pieces of `size` for `batch`, the last one smaller.

        A GPU is asked here, once for all pieces, how many non-zeros each has: were `batch` to ask,
        every step would wait for the one before it.
        """
        sums = [part.sum() for part in torch.split(self._lengths(idx), size)]
        counts = torch.stack(sums).tolist()
        return [Rows(*pair) for pair in zip(torch.split(idx, size), counts, strict=True)]

    def batch(self, idx: Tensor | Rows) -> tuple[SparseBatch, Tensor]:
        """Examples `idx` (int64 [B], or a piece of `cut`) as (their rows; y, int64 [B])."""
        rows = idx if isinstance(idx, Rows) else self.cut(idx, len(idx))[0]
        where, crow = self._nonzeros(rows)
        batch = SparseBatch(
            crow=crow,
            col=self.col.index_select(0, where).long(),
            val=self.val.index_select(0, where),
            features=self.features,
        )
        return batch, self.y.index_select(0, rows.idx)

    def take(self, idx: Tensor) -> Sparse:
        """The examples `idx` (int64 [M]) as a split of their own."""
        where, crow = self._nonzeros(self.cut(idx, len(idx))[0])
        return replace(
            self,
            crow=crow,
            col=self.col.index_select(0, where),
            val=self.val.index_select(0, where),
            y=self.y.index_select(0, idx),
        )

    def to(self, device: torch.device | str) -> Sparse:
        """The same split on `device`."""
        return replace(
            self,
            crow=self.crow.to(device),
            col=self.col.to(device),
            val=self.val.to(device),
            y=self.y.to(device),
        )
