"""Calls of the user's cost: counted, converted, checked."""

import math
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from adamrepro.errors import UserError
from adamrepro.optim.sfo.layout import Layout, Theta

Subfunction = TypeVar("Subfunction")


class Evaluator(Generic[Theta, Subfunction]):
    """f_i and its gradient at a float64 vector, by way of the user's structure, dtype and device.

    `count` is the number of calls so far: the honest measure of work, since a failed step takes
    more than one.
    """

    def __init__(
        self,
        cost_and_grad: Callable[[Theta, Subfunction], tuple[float | Tensor, Theta]],
        layout: Layout[Theta],
        subfunctions: Sequence[Subfunction],
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._cost_and_grad = cost_and_grad
        self._layout = layout
        self._subfunctions = subfunctions
        self._given = torch.empty(layout.parameters, dtype=dtype, device=device)
        self.dtype = dtype
        self.count = 0

    @property
    def bytes(self) -> int:
        """Memory of what the cost is given."""
        return self._given.nbytes

    def __call__(self, theta: Tensor, index: int) -> tuple[float, Tensor]:
        """Value and gradient [M] of subfunction `index`.

        Where either is not finite, the value is NaN.
        """
        self._given.copy_(theta)
        value, gradient = self._cost_and_grad(
            self._layout.restore(self._given), self._subfunctions[index]
        )
        self.count += 1
        value = float(value.detach() if isinstance(value, Tensor) else value)
        flat = self._layout.flatten(gradient)
        # one pass instead of isfinite().all()'s two: a sum keeps every inf and NaN
        finite = math.isfinite(value) and math.isfinite(float(flat.sum()))
        return (value if finite else math.nan), flat

    def require_repeatable(self, theta: Tensor, index: int, value: float, gradient: Tensor) -> None:
        """Evaluate once more where `value` and `gradient` come from, and compare.

        Gradient differences are what SFO learns curvature from (8, 9): noise in them is taken for
        curvature.  Rounding is allowed for, some kernels add in a changing order.

        Raises:
            UserError: the two evaluations differ.
        """
        again, gradient_again = self(theta, index)
        allowed = 1e3 * torch.finfo(self.dtype).eps
        change = float((gradient_again - gradient).norm())
        if abs(again - value) > allowed * abs(value) or change > allowed * float(gradient.norm()):
            raise UserError(
                f"SFO needs a cost without noise: subfunction {index} gave {value:.8g} and then "
                f"{again:.8g} at the same parameters (gradients differ by {change:.3g}).\n"
                "Freeze the noise (one dropout mask per example), or run all the same with "
                "allow_noise=True (optimizer.allow_noise=true on a command line)."
            )
