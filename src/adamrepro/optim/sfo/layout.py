"""The user's parameters, one tensor or a list of tensors, as one flat vector and back."""

from collections.abc import Sequence
from typing import Generic, TypeVar, cast

import torch
from torch import Tensor

from adamrepro.errors import UserError

Theta = TypeVar("Theta", bound=Tensor | list[Tensor])


class Layout(Generic[Theta]):
    """Shapes of the parameters, M numbers in all.

    Raises:
        UserError: no parameters, or parameters that are not finite floating-point numbers.
    """

    def __init__(self, theta: Theta) -> None:
        tensors = _tensors(theta)
        self._single = isinstance(theta, Tensor)
        self._shapes = [tensor.shape for tensor in tensors]
        self._sizes = [tensor.numel() for tensor in tensors]
        self.parameters = sum(self._sizes)
        if self.parameters == 0:
            raise UserError("SFO: theta0 holds no parameters; pass a tensor or a list of tensors")
        for number, tensor in enumerate(tensors):
            if not tensor.is_floating_point():
                raise UserError(f"SFO: theta0[{number}] is {tensor.dtype}, expected floating point")
            if not bool(torch.isfinite(tensor).all()):
                raise UserError(f"SFO: theta0[{number}] is not finite; choose other initial values")

    def flatten(self, theta: Theta) -> Tensor:
        """One vector [M].

        Raises:
            UserError: other shapes than those of the initial parameters.
        """
        tensors = _tensors(theta)
        shapes = [tensor.shape for tensor in tensors]
        if shapes != self._shapes:
            raise UserError(
                f"SFO: the cost returned a gradient of shapes {_text(shapes)}, "
                f"expected those of theta0, {_text(self._shapes)}"
            )
        flat = [tensor.detach().reshape(-1) for tensor in tensors]
        return flat[0] if len(flat) == 1 else torch.cat(flat)

    def restore(self, flat: Tensor) -> Theta:
        """Views of `flat` [M] in the shapes of the initial parameters."""
        parts = torch.split(flat, self._sizes)
        views = [part.view(shape) for part, shape in zip(parts, self._shapes, strict=True)]
        return cast(Theta, views[0] if self._single else views)


def _tensors(theta: Tensor | Sequence[Tensor]) -> list[Tensor]:
    return [theta] if isinstance(theta, Tensor) else list(theta)


def _text(shapes: list[torch.Size]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
