"""Minibatches as plain matrices."""

import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from adamrepro.data import SparseBatch


def dense(x: Tensor | SparseBatch) -> Tensor:
    if isinstance(x, Tensor):
        return x
    rows = csr_matrix((x.val, x.col, x.crow), shape=(len(x), x.features))
    assert rows.has_canonical_format  # columns ascend, none is there twice
    return torch.from_numpy(rows.toarray())
