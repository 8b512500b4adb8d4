"""Hyper-parameters of one optimizer as plain numbers, for a rule written for populations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch


class Scalar:
    """A double with the arithmetic of the float64 tensors that `Rule.coefficients` works on.

    On tensors of one element that function takes as long as a small step does.
    """

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value

    def __add__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value + plain(other))

    def __sub__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value - plain(other))

    def __rsub__(self, other: float) -> Scalar:
        return Scalar(other - self.value)

    def __mul__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value * plain(other))

    def __truediv__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value / plain(other))

    def __rtruediv__(self, other: float) -> Scalar:
        return Scalar(other / self.value)

    def __pow__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value ** plain(other))

    def __neg__(self) -> Scalar:
        return Scalar(-self.value)

    def __gt__(self, other: Scalar | float) -> Scalar:
        return Scalar(self.value > plain(other))

    def sqrt(self) -> Scalar:
        return Scalar(math.sqrt(self.value))

    __radd__ = __add__
    __rmul__ = __mul__

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Scalar:
        """Do what a rule may ask of torch for its coefficients."""
        return Scalar(FUNCTIONS[function](*(plain(arg) for arg in args)))


FUNCTIONS: Mapping[Callable[..., Any], Callable[..., float]] = {
    torch.where: lambda condition, yes, no: yes if condition else no,
    torch.ones_like: lambda number: 1.0,
}


def plain(number: Scalar | float) -> float:
    return number.value if isinstance(number, Scalar) else number
