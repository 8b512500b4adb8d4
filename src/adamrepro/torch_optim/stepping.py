"""One step of a rule on many parameters: in chunks, with small parameters gathered into one."""

from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from adamrepro.optim import Rule, step_in_place
from adamrepro.torch_optim.terms import Term, step_by_terms

Row = Sequence[Tensor]
"""What belongs to one parameter: theta, its gradient, its state, all of one shape."""

Step = Callable[[Any, bool, Any, Row], None]

SMALL = {"cpu": 2**15, "elsewhere": 2**18}
"""Below so many elements, calling kernels costs more than gathering a parameter's row."""

CHUNK = 2**18
"""Elements per thread of a CPU: what a rule's intermediate results can have in the cache."""


def small_on(device: torch.device) -> int:
    """Return how many elements make it worth while to step a parameter by itself."""
    return SMALL["cpu" if device.type == "cpu" else "elsewhere"]


def step_rows(
    step: Callable[[Row], None], rows: Sequence[Row], *, chunked: bool, device: torch.device
) -> None:
    """Call `step` on flat rows that together are all of `rows`; it works in place.

    Rules are elementwise, so neither gathering nor cutting changes a number.
    """
    small = small_on(device)
    chunk = CHUNK * torch.get_num_threads() if chunked and device.type == "cpu" else None
    gathered = []
    for row in rows:
        if row[0].numel() < small or not all(tensor.is_contiguous() for tensor in row):
            gathered.append(row)
        else:
            in_chunks(step, [tensor.view(-1).detach() for tensor in row], chunk)
    if gathered:
        thetas, gradients, *states = zip(*gathered, strict=True)
        shared = [shared_by(state) for state in states]
        flat_states = [
            flatten(state) if whole is None else whole
            for state, whole in zip(states, shared, strict=True)
        ]
        theta = flatten(thetas)
        in_chunks(step, [theta, flatten(gradients), *flat_states], chunk)
        scatter(theta, thetas)
        for values, whole, state in zip(flat_states, shared, states, strict=True):
            if whole is None:
                scatter(values, state)


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
        place += tensor.numel() * width
    size = (place - first.data_ptr()) // width
    if (first.storage_offset() + size) * width > first.untyped_storage().nbytes():
        return None  # neighbours by chance, in storages of their own
    return first.as_strided((size,), (1,)).detach()


def in_chunks(step: Callable[[Row], None], row: Row, chunk: int | None) -> None:
    """Call `step` on the whole of a flat row, or on pieces of `chunk` elements."""
    if chunk is None or len(row[0]) <= chunk:
        step(row)
    else:
        for piece in zip(*(torch.split(tensor, chunk) for tensor in row), strict=True):
            step(piece)


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


def step_of(rule: type[Rule], *, compiled: bool) -> Step:
    """Return a rule's step on one row, which works in place.

    Compiled, it is one pass over memory. Eager, it is the few operations of `terms`.
    """
    if not compiled:
        return partial(descend_eagerly, rule)
    if rule not in COMPILED:
        # PyTorch counts recompilations by code object, and gives up at 8: one for each rule
        of_its_own = FunctionType(descend.__code__.replace(), descend.__globals__, rule.__name__)
        COMPILED[rule] = torch.compile(of_its_own, dynamic=True)
    return partial(COMPILED[rule], rule)


COMPILED: dict[type[Rule], Callable[..., None]] = {}
"""Shared by all optimizers of a process: no hyper-parameter, size or step is compiled in."""


def descend(
    rule: type[Rule], l2: Tensor | None, maximize: bool, coefficients: Any, row: Row
) -> None:
    """Step a row; l2 and coefficients are scalar tensors of the state's dtype."""
    theta, g, *state = row
    g = g.to(state[0].dtype)
    step_in_place(rule, theta, -g if maximize else g, rule.State(*state), l2, coefficients)


def descend_eagerly(
    rule: type[Rule], l2: float, maximize: bool, coefficients: Any, row: Row
) -> None:
    """Step a row; l2 and coefficients are floats."""
    theta, g, *state = row
    ascent = Term(g.to(state[0].dtype), scale=-1.0 if maximize else 1.0)
    step_by_terms(rule, theta, ascent, state, l2, coefficients)
