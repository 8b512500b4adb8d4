"""From parameters of any shape to a few flat tensors, and back: small ones are gathered."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Row = Sequence[Tensor]
"""What belongs to one parameter: theta, its gradient, its state, all of one shape."""

SMALL = {"cpu": 2**15, "elsewhere": 2**18}
"""Below so many elements, calling kernels costs more than gathering a parameter's row."""


def small_on(device: torch.device) -> int:
    """Return how many elements make it worth while to step a parameter by itself."""
    return SMALL["cpu" if device.type == "cpu" else "elsewhere"]


class Scratch:
    """Room for several tensors in one, kept from step to step: to cut it up takes long."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.flat = flatten(tensors).clone()
        self.pieces = pieces_of(self.flat, tensors)

    def fits(self, tensors: Sequence[Tensor]) -> bool:
        """Say whether tensors of the device and dtype have the shapes of the pieces."""
        return [tensor.shape for tensor in tensors] == [piece.shape for piece in self.pieces]

    def take(self, tensors: Sequence[Tensor]) -> Tensor:
        """Copy tensors that fit, and return them as one."""
        torch._foreach_copy_(self.pieces, list(tensors))
        return self.flat

    def give(self, tensors: Sequence[Tensor]) -> None:
        """Copy back."""
        torch._foreach_copy_(list(tensors), self.pieces)


def step_rows(
    step: Callable[[list[Row]], None],
    rows: Sequence[Row],
    device: torch.device,
    scratch: Scratch | None,
) -> Scratch | None:
    """Call `step` on flat rows that together are all of `rows`; it works in place.

    Rules are elementwise, so gathering changes no number. Returns what was gathered into, for the
    next step of the same rows.
    """
    small = small_on(device)
    flat: list[Row] = []
    gathered = []
    for row in rows:
        if row[0].numel() < small or not all(tensor.is_contiguous() for tensor in row):
            gathered.append(row)
        else:
            flat.append([tensor.view(-1).detach() for tensor in row])
    if not gathered:
        step(flat)
        return None
    thetas, gradients, *states = zip(*gathered, strict=True)
    shared = [shared_by(state) for state in states]
    flat_states = [
        flatten(state) if whole is None else whole
        for state, whole in zip(states, shared, strict=True)
    ]
    if scratch is None or not scratch.fits(thetas):
        scratch = Scratch(thetas)
    step([*flat, [scratch.take(thetas), flatten(gradients), *flat_states]])
    scratch.give(thetas)
    for values, whole, state in zip(flat_states, shared, states, strict=True):
        if whole is None:
            scatter(values, state)
    return scratch


def pack(states: Sequence[dict[str, Any]], keys: Sequence[str]) -> None:
    """Move small parameters' state into one tensor per key, of which they keep views.

    Stepped together, they need not be gathered.
    """
    for key in keys:
        tensors = [state[key] for state in states]
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])  # a copy of one alone, too
        for state, piece in zip(states, pieces_of(flat, tensors), strict=True):
            state[key] = piece


def shared_by(tensors: Sequence[Tensor]) -> Tensor | None:
    """Return the flat tensor that consecutive views share, or None if they do not."""
    first = tensors[0]
    place, width = first.data_ptr(), first.element_size()
    for tensor in tensors:
        if tensor.data_ptr() != place or not tensor.is_contiguous():
            return None
        place += tensor.nbytes
    size = (place - first.data_ptr()) // width
    if (first.storage_offset() + size) * width > first.untyped_storage().nbytes():
        return None  # neighbours by chance, in storages of their own
    return first.as_strided((size,), (1,)).detach()


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """Return all elements in one tensor; of a single contiguous tensor, an alias.

    Detached: what is compiled would be compiled anew for a view of another tensor's shape.
    """
    return torch._utils._flatten_dense_tensors(tensors).detach()  # type: ignore[no-any-return, no-untyped-call]


def pieces_of(flat: Tensor, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return consecutive pieces of a flat tensor as views, shaped like the tensors."""
    return list(torch._utils._unflatten_dense_tensors(flat, tensors))  # type: ignore[no-untyped-call]


def scatter(flat: Tensor, tensors: Sequence[Tensor]) -> None:
    """Copy consecutive pieces of a flat tensor into tensors."""
    torch._foreach_copy_(list(tensors), pieces_of(flat, tensors))
