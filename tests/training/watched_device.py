"""A device that nothing is on: what training does on a GPU, seen without one.

Tensors of torch's meta device have shapes and no values. A step on it makes the calls that it makes
on a GPU; the mode below hears all of them, and answers where the processor asks for values.
"""

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import adamrepro

DEVICE = torch.device("meta")
VALUE = 0.25
"""What every number is, to the processor that asks for it."""

COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
SOURCE = str(Path(adamrepro.__file__).parent)


class Watch(TorchDispatchMode):
    """Notes by which function values came to the processor, and tensors to the device.

    Raises AssertionError where tensors of the device meet others, which a GPU refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.downloads: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self.created: Counter[str] = Counter()
        """Tensors on the processor, by the function that made them."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), options: Any = None
    ) -> Any:
        given = [each for each in tree_leaves((args, options)) if isinstance(each, Tensor)]
        here = [each for each in given if each.device.type == "cpu"]
        there = [each for each in given if each.device == DEVICE]
        if there and operation is torch.ops.aten._local_scalar_dense.default:
            self.downloads[caller()] += 1
            return there[0].new_full((), VALUE, device="cpu").item()
        if operation in COPIES:
            target = args[0] if operation is COPIES[1] else torch.empty(0, **placed(options, args))
            if there and target.device.type == "cpu":
                self.downloads[caller()] += 1
                return torch.full(there[0].shape, VALUE, dtype=target.dtype)
            if here and target.device == DEVICE:
                self.uploads[caller()] += 1
        else:
            # numbers that Python gave are tensors of the processor without a dimension
            assert not (there and any(each.dim() for each in here)), f"{operation}: two devices"
        result = operation(*args, **(options or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor) and each.device.type == "cpu":
                self.created[caller()] += 1
        return result


def placed(options: Any, args: Any) -> dict[str, Any]:
    """Where and of which dtype _to_copy makes its copy."""
    like, asked = args[0], options or {}
    return {
        "device": asked.get("device") or like.device,
        "dtype": asked.get("dtype") or like.dtype,
    }


def caller() -> str:
    """Name the function of this package that is at work, as `file.function`."""
    frame: FrameType | None = sys._getframe()
    while frame:
        path = frame.f_code.co_filename
        if path.startswith(SOURCE):
            return f"{Path(path).stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"
