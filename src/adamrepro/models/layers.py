"""Layers with a member axis: R copies of a layer, trained side by side.

A weight is [R, ...]. An input that all members share has no R axis ([B, in] or sparse); one
that differs between members has it ([R, B, in]). Image activations carry the members inside
the channel axis, [B, R*C, H, W], as grouped convolutions want them.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SparseRows(Protocol):
    """A minibatch of sparse rows: entries of row b start at offsets[b]."""

    col: Tensor
    offsets: Tensor
    val: Tensor
    features: int


Input = Tensor | SparseRows


class Linear(nn.Module):
    """R linear layers; weight [R, in, out], bias [R, 1, out]."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, x: Input) -> Tensor:
        """Map x [B, in] (shared), sparse rows (shared) or [R, B, in] to [R, B, out]."""
        if isinstance(x, Tensor) and x.dim() == 3:
            return torch.baddbmm(self.bias, x, self.weight)
        return self.shared(x) + self.bias

    def shared(self, x: Input) -> Tensor:
        """One product [B, in] x [in, R*out] for all members: [R, B, out]."""
        members, inputs, outputs = self.weight.shape
        wide = self.weight.transpose(0, 1).reshape(inputs, members * outputs)
        if isinstance(x, Tensor):
            product = x.flatten(1) @ wide  # images as rows
        else:
            product = F.embedding_bag(
                x.col, wide, x.offsets, mode="sum", per_sample_weights=x.val.to(wide.dtype)
            )
        return product.view(-1, members, outputs).transpose(0, 1)


class Conv2d(nn.Module):
    """R "same" convolutions; weight [R, out, in, k, k], bias [R, out]."""

    def __init__(self, members: int, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, in, H, W] (shared) or [B, R*in, H, W] to [B, R*out, H, W]."""
        members, _, inputs, kernel, _ = self.weight.shape
        groups = 1 if x.shape[1] == inputs else members
        return F.conv2d(
            x, self.weight.flatten(0, 1), self.bias.flatten(), padding=kernel // 2, groups=groups
        )


def split_members(x: Tensor, members: int) -> Tensor:
    """Turn image activations [B, R*C, H, W] into features [R, B, C*H*W]."""
    return x.reshape(x.shape[0], members, -1).transpose(0, 1)
