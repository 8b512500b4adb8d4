"""What every loader returns, and what is common to all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from adamrepro.data.batches import Dense, Sparse
from adamrepro.errors import UserError, require

Split = TypeVar("Split", Dense, Sparse)

_CHECKED_AT_ONCE = 10_000_000  # values: a data set of its own size again would not fit everywhere


class Source(StrEnum):
    """Where the examples come from; it is written into every row made from them.

    CANONICAL: content proved equal to the published files.
    MIRROR: the published data set's layout, content not proved equal (recoded, altered, unknown).
    STAND_IN: something else in its place; no claim is judged on it.
    """

    CANONICAL = "canonical"
    MIRROR = "mirror"
    STAND_IN = "stand-in"


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set ready for training.

    Attributes:
        name: the config's name, `mnist`, `imdb` or `cifar10`.
        train: training split.
        test: test split, disjoint from it.
        classes: number of classes; the labels are 0 .. classes - 1.
        source: where the examples come from.
        sha256: hex digest of the whole data set as read and of every option that changes what a
            model is shown (vocabulary, features, whitening), but not of the number of examples.
    """

    name: str
    train: Dense | Sparse
    test: Dense | Sparse
    classes: int
    source: Source
    sha256: str


def check_examples(examples: int | None, top: int) -> None:
    """Raise UserError unless `examples` is None or 1 to `top`, the size of the training split."""
    ok = examples is None or 1 <= examples <= top
    require(ok, "dataset.examples", examples, f"1 to {top}, or null for all")


def content_sha256(parts: Iterable[Tensor | np.ndarray | str]) -> str:
    """Hex digest over dtypes, shapes and bytes of arrays, and over strings, in order."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode() + b"\0")
        else:
            array = np.ascontiguousarray(part)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.view(np.uint8).data)
    return digest.hexdigest()


def check_finite(data: DataSet, root: Path) -> None:
    """Raise UserError naming the first example that holds a nan or an infinity.

    Training would make runs of it that diverge one and all, with nothing to say why.
    """
    for name, split in (("training", data.train), ("test", data.test)):
        if isinstance(split, Sparse):
            place = _not_finite(split.val)
            example = None if place is None else int((split.crow <= place).sum()) - 1
        else:
            place = _not_finite(split.x)
            example = None if place is None else place // split.shape.numel()
        if example is not None:
            raise UserError(
                f"{data.name}: {name} example {example} holds a value that is not a finite number; "
                f"its files under {root} are damaged. Delete them and fetch them again."
            )


def _not_finite(values: Tensor) -> int | None:
    """The place of the first value, in order, that is a nan or an infinity."""
    if not values.is_floating_point():
        return None
    flat = values.reshape(-1)
    for start in range(0, len(flat), _CHECKED_AT_ONCE):
        finite = flat[start : start + _CHECKED_AT_ONCE].isfinite()
        if not finite.all():
            return start + int(finite.int().argmin())
    return None


def keep_examples(train: Split, test: Split, examples: int | None) -> tuple[Split, Split]:
    """The first `examples` of a fixed permutation of the training split, and the test split.

    The permutation is numpy's default_rng(0), so that a smaller number is a subset of a larger one.
    The test split is cut in the same way: it costs as much per example as the training split, and
    would be most of the work of a run on few examples.
    """
    if examples is None or examples >= len(train):
        return train, test
    return _first(train, examples), _first(test, min(examples, len(test)))


def _first(split: Split, count: int) -> Split:
    order = np.random.default_rng(0).permutation(len(split))[:count]
    return split.take(torch.from_numpy(order))
