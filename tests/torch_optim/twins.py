"""Our classes beside torch's: arguments under which both are one method."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from adamrepro import torch_optim as ours


@dataclass(frozen=True)
class Twins:
    """A class of ours, torch's class of the same method, and the settings that make them one."""

    ours: type[ours.RuleOptimizer]
    theirs: type[torch.optim.Optimizer]
    our_settings: dict[str, Any] = field(default_factory=dict)
    their_settings: dict[str, Any] = field(default_factory=dict)


TWINS = {
    "adam": Twins(ours.Adam, torch.optim.Adam),
    "adamax": Twins(ours.AdaMax, torch.optim.Adamax, their_settings={"eps": 0.0}),
    "adagrad": Twins(ours.AdaGrad, torch.optim.Adagrad, our_settings={"eps": 1e-10}),
    "rmsprop": Twins(ours.RMSProp, torch.optim.RMSprop, their_settings={"lr": 1e-3, "alpha": 0.9}),
    "sgd": Twins(
        ours.SGDNesterov,
        torch.optim.SGD,
        their_settings={"lr": 1e-2, "momentum": 0.9, "nesterov": True},
    ),
    "adadelta": Twins(ours.AdaDelta, torch.optim.Adadelta, their_settings={"rho": 0.95}),
}


CLASSES = {name: twins.ours for name, twins in TWINS.items()}


def tensors(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> list[nn.Parameter]:
    """Return the same parameters for the same shapes, none of them 0."""
    generator = torch.Generator().manual_seed(1)
    return [nn.Parameter(torch.randn(s, generator=generator).to(dtype) + 1) for s in shapes]


SHAPES = [(3, 4), (), (7,), (2, 0), (1, 2, 3)]


def give_gradients(parameters: Sequence[Tensor], t: int) -> None:
    """Give the t-th gradients: the same at the same t, never 0."""
    generator = torch.Generator().manual_seed(100 + t)
    for p in parameters:
        g = torch.randn(p.shape, generator=generator)
        p.grad = (g + 0.01 * g.sign()).to(p.dtype)


def walk(
    make: Callable[[list[nn.Parameter]], torch.optim.Optimizer],
    steps: int = 5,
    parameters: list[nn.Parameter] | None = None,
    every: Callable[[torch.optim.Optimizer, int], None] = lambda optimizer, t: None,
) -> list[nn.Parameter]:
    """Take steps along given gradients and return where they lead; `every` comes after each."""
    parameters = tensors(*SHAPES) if parameters is None else parameters
    optimizer = make(parameters)
    for t in range(1, steps + 1):
        give_gradients(parameters, t)
        optimizer.step()
        every(optimizer, t)
    return parameters


def assert_same(ours: Sequence[Tensor], theirs: Sequence[Tensor], **tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **tolerance)
