"""One step of Adam: ours against torch's own forms of it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from statistics import median

import torch
from torch import Tensor, nn

from adamrepro.benchmark.turns import Clock, Row, ratio, several, turns
from adamrepro.optim import Adam, can_compile, make_update, stack, zero_state

SHAPES = [(784, 1000), (1, 1000), (1000, 1000), (1, 1000), (1000, 10), (1, 10)]
"""The multilayer network of section 6.2: 1.8 million parameters."""

Step = Callable[[], object]


def compare_updates(steps: int, repeats: int, clock: Clock) -> Iterator[Row]:
    """Compare milliseconds per step, in turns of `steps`; compiled only where that can be done."""
    gradients = [torch.randn(1, *shape) for shape in SHAPES]
    contenders = {
        "eager": our_step(gradients, compiled=False),
        "foreach": torch_step(gradients, foreach=True),
        "fused": torch_step(gradients, fused=True),
    }
    pairs = [("eager", "foreach", "")]
    if can_compile():
        contenders["compiled"] = our_step(gradients, compiled=True)
        pairs.insert(0, ("compiled", "fused", "<= 1.2"))
    work = {name: several(step, steps) for name, step in contenders.items()}
    seconds = turns(work, repeats, clock)
    for ours, peer, wanted in pairs:
        yield Row(
            name=f"Adam step, 1.8 M parameters: {ours} / torch's {peer}",
            ours=1e3 * median(seconds[ours]) / steps,
            peer=1e3 * median(seconds[peer]) / steps,
            unit="ms",
            ratio=ratio(seconds[ours], by=seconds[peer]),
            wanted=wanted,
        )


def our_step(gradients: Sequence[Tensor], *, compiled: bool) -> Step:
    """Return a function that takes one step of our Adam, its coefficients included."""
    parameters = [torch.randn_like(g) for g in gradients]
    states = [zero_state(Adam, theta) for theta in parameters]
    penalties = [None] * len(parameters)
    hyper, update = stack([Adam()]), make_update(Adam, compiled=compiled)
    t = count(1)

    def step() -> None:
        update(parameters, gradients, states, penalties, Adam.coefficients(hyper, next(t)))

    return step


def torch_step(
    gradients: Sequence[Tensor], *, foreach: bool | None = None, fused: bool | None = None
) -> Step:
    """Return a function that takes one step of torch.optim.Adam in one of its forms."""
    parameters = [nn.Parameter(torch.randn_like(g)) for g in gradients]
    for theta, g in zip(parameters, gradients, strict=True):
        theta.grad = g
    return torch.optim.Adam(parameters, foreach=foreach, fused=fused).step
