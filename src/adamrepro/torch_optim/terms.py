"""Arithmetic that a rule's step runs on eagerly: sums in as few operations as PyTorch has.

Written out, `beta2 * v + rest2 * g * g` is four operations, with a temporary each. Here factors
are kept aside until a sum needs them, and the sum is one call: `addcmul(v, g, g, value=rest2)`. The
rule is the same, line by line; its results differ from the plain ones by rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class Term:
    """scale * left * right, or scale * left / below; right and below may be absent.

    home: left is the state itself, and a sum that begins with it (momentum * velocity + ...) is
    written over it. temporary: left is a result on its way, and adding a number is written over it.
    Both are sound where nothing reads the old values afterwards, which is checked.
    """

    __slots__ = ("below", "home", "left", "right", "scale", "temporary", "version")

    def __init__(
        self,
        left: Tensor,
        *,
        scale: float = 1.0,
        right: Tensor | None = None,
        below: Tensor | None = None,
        home: bool = False,
        temporary: bool = False,
    ) -> None:
        self.left, self.right, self.below = left, right, below
        self.scale, self.home, self.temporary = scale, home, temporary
        self.version = self.present_version()

    def present_version(self) -> int:
        """Return a count that grows with every write to one of the tensors."""
        version = self.left._version
        if self.right is not None:
            version += self.right._version
        if self.below is not None:
            version += self.below._version
        return version

    def check(self) -> None:
        """Raise a RuntimeError if a tensor has been written over since."""
        if self.present_version() != self.version:
            raise RuntimeError("the rule reads what it has written over: step it compiled=True")

    def tensor(self) -> Tensor:
        """Return the value; left itself where there is nothing to compute."""
        self.check()
        value = self.left
        if self.right is not None:
            value = value * self.right
        if self.below is not None:
            value = value / self.below
        return value if self.scale == 1.0 else value * self.scale

    def is_product(self) -> bool:
        return self.right is not None or self.below is not None

    def single(self) -> Term:
        """Return the same value as scale * left."""
        return Term(self.tensor()) if self.is_product() else self

    def scaled(self, factor: float) -> Term:
        self.check()
        scale = self.scale * factor
        return Term(self.left, scale=scale, right=self.right, below=self.below, home=self.home)

    def __neg__(self) -> Term:
        return self.scaled(-1.0)

    def __mul__(self, other: Term | float) -> Term:
        if not isinstance(other, Term):
            return self.scaled(other)
        a, b = self.single(), other.single()
        return Term(a.left, scale=a.scale * b.scale, right=b.left)

    __rmul__ = __mul__

    def __truediv__(self, other: Term | float) -> Term:
        if not isinstance(other, Term):
            return self.scaled(1.0 / other)
        a, b = self.single(), other.single()
        return Term(a.left, scale=a.scale / b.scale, below=b.left)

    def __add__(self, other: Term | float) -> Term:
        if not isinstance(other, Term):
            value = self.tensor()
            in_place = self.temporary or value is not self.left
            return Term(value.add_(other) if in_place else value + other, temporary=True)
        if not self.home or self.is_product():
            return Term(plus(self.tensor(), other))
        self.check()
        if self.scale != 1.0:
            self.left.mul_(self.scale)
        return Term(plus(self.left, other, out=self.left))

    def __sub__(self, other: Term) -> Term:
        return self + -other

    def sqrt(self) -> Term:
        value = self.tensor()
        in_place = self.temporary or value is not self.left
        return Term(value.sqrt_() if in_place else value.sqrt(), temporary=True)

    def abs(self) -> Term:
        return Term(self.tensor().abs())

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Tensor],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Term:
        """Call any other function of torch's on the values."""
        values = (arg.tensor() if isinstance(arg, Term) else arg for arg in args)
        return Term(function(*values, **(kwargs or {})))


def plus(total: Tensor, term: Term, out: Tensor | None = None) -> Tensor:
    """Return total + term in one operation; out may be total itself."""
    term.check()
    if term.right is not None:
        return torch.addcmul(total, term.left, term.right, value=term.scale, out=out)
    if term.below is not None:
        return torch.addcdiv(total, term.left, term.below, value=term.scale, out=out)
    return torch.add(total, term.left, alpha=term.scale, out=out)
