"""The pickles of cifar-10-batches-py, read without running anything that is in them.

Unpickling calls whatever the file names. The published files name three things of numpy's; here
these names lead to small stand-ins that only take notes, and every other name is an error.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np

from adamrepro.errors import UserError


class _Dtype:
    """Takes the place of numpy.dtype: notes the type's code."""

    def __init__(self, code: object, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Accept byte order and the like, which single bytes do not have."""


class _Array:
    """Takes the place of numpy.ndarray: notes shape and bytes."""

    array: np.ndarray | None = None

    def __setstate__(self, state: tuple[object, ...]) -> None:
        """Build the array from (version, shape, type, column-major, bytes)."""
        _, shape, dtype, column_major, raw = state
        if not isinstance(dtype, _Dtype) or dtype.code not in (b"u1", "u1") or column_major:
            raise pickle.UnpicklingError("holds an array that is not of unsigned bytes, by rows")
        if not isinstance(raw, bytes) or not isinstance(shape, tuple):
            raise pickle.UnpicklingError("holds an array without its bytes")
        self.array = np.frombuffer(bytearray(raw), dtype=np.uint8).reshape(shape)


def _reconstruct(*_: object) -> _Array:
    return _Array()


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"asks for {module}.{name}") from None


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The uint8 array `data` and the list `labels` of a batch file, as (x uint8, y int64 [N]).

    Raises:
        UserError: truncated, not such a pickle, or it asks for anything that these files need not.
    """
    try:
        with path.open("rb") as file:
            batch = _Unpickler(file, encoding="bytes").load()
        data, labels = batch[b"data"], np.array(batch[b"labels"], dtype=np.int64)
        if not isinstance(data, _Array) or data.array is None:
            raise pickle.UnpicklingError("its data is not an array")
    # a damaged pickle may fail in any way at all, but none of the names above can do harm
    except Exception as error:
        raise UserError(
            f"{path}: {error or type(error).__name__}; expected a batch of cifar-10-python.tar.gz "
            "(nothing else is unpickled). Fetch it again."
        ) from error
    return data.array, labels
