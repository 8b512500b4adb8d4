"""The IDX file format of MNIST (http://yann.lecun.com/exdb/mnist/, section FILE FORMATS)."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from adamrepro.errors import UserError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The unsigned bytes of an IDX file as a uint8 array of `shape`.

    The header is two zero bytes, the type, the number of dimensions, then each dimension as a
    big-endian 32-bit number.

    Raises:
        UserError: the file is not IDX, is cut short, is too long, or holds another shape.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raise UserError(f"{path}: is still compressed; expected an IDX file. Run gunzip on it.")
    header = 4 + 4 * len(shape)
    magic = bytes([0, 0, UNSIGNED_BYTE, len(shape)])
    if raw[:4] != magic:
        raise UserError(
            f"{path}: begins with bytes {raw[:4].hex(' ') or '(none)'}; expected {magic.hex(' ')}, "
            f"an IDX file of unsigned bytes in {len(shape)} dimensions. Fetch it again."
        )
    if len(raw) < header:
        raise UserError(f"{path}: ends inside its {header}-byte header. Fetch it again.")
    found = tuple(int(n) for n in np.frombuffer(raw[4:header], dtype=">u4"))
    if found != shape:
        raise UserError(f"{path}: holds an array of {_times(found)}; expected {_times(shape)}.")
    expected = header + prod(shape)
    if len(raw) != expected:
        what = "truncated" if len(raw) < expected else "too long"
        raise UserError(
            f"{path}: {what}: {len(raw):,} bytes; expected {expected:,} bytes. Fetch it again."
        )
    return np.frombuffer(bytearray(raw[header:]), dtype=np.uint8).reshape(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
