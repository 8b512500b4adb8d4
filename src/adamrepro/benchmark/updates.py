"""One step of Adam: ours against torch's own forms of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from statistics import median

import torch
from torch import Tensor, nn

from adamrepro import torch_optim
from adamrepro.benchmark.turns import Clock, Compared, ratio, several, turns
from adamrepro.optim import Adam, can_compile, make_update, stack, zero_state

SHAPES = [(784, 1000), (1, 1000), (1000, 1000), (1, 1000), (1000, 10), (1, 10)]
"""The multilayer network of section 6.2: 1.8 million parameters."""

Step = Callable[[], object]


FEW_AND_MANY = {
    "1.8 M parameters": [torch.Size(shape) for shape in SHAPES],
    "1000 parameters of 100": [torch.Size([100])] * 1000,
}
"""What arithmetic costs, and what every tensor costs beside it."""

Wanted = Mapping[tuple[str, str], float | None]
"""Ours and the peer, and the largest ratio that is wanted."""
WANTED: Wanted = {("eager", "foreach"): None, ("compiled", "fused"): 1.2}
WANTED_OF_DROP_IN: Wanted = {("eager", "foreach"): 1.2, ("compiled", "fused"): 1.2}


def compare_updates(steps: int, repeats: int, clock: Clock) -> Iterator[Compared]:
    """Compare milliseconds per step, in turns of `steps`; compiled only where that can be done."""
    gradients = [torch.randn(1, *shape) for shape in SHAPES]
    ours = {"eager": our_step(gradients, compiled=False)}
    if can_compile():
        ours["compiled"] = our_step(gradients, compiled=True)
    name = "Adam step, 1.8 M parameters"
    yield from compare(name, ours, gradients, WANTED, steps, repeats, clock)


def compare_drop_in(steps: int, repeats: int, clock: Clock) -> Iterator[Compared]:
    """Compare `adamrepro.torch_optim.Adam` in the same way."""
    for size, shapes in FEW_AND_MANY.items():
        gradients = [torch.randn(shape) for shape in shapes]
        ours = {"eager": drop_in_step(gradients, compiled=False)}
        if can_compile():
            ours["compiled"] = drop_in_step(gradients, compiled=True)
        name = f"torch_optim.Adam step, {size}"
        yield from compare(name, ours, gradients, WANTED_OF_DROP_IN, steps, repeats, clock)


def compare(
    name: str,
    ours: dict[str, Step],
    gradients: Sequence[Tensor],
    wanted: Wanted,
    steps: int,
    repeats: int,
    clock: Clock,
) -> Iterator[Compared]:
    """Compare each form of ours with its peer of torch's."""
    theirs = {
        "foreach": torch_step(gradients, foreach=True),
        "fused": torch_step(gradients, fused=True),
    }
    work = {form: several(step, steps) for form, step in {**ours, **theirs}.items()}
    seconds = turns(work, repeats, clock)
    for (form, peer), aim in wanted.items():
        if form in ours:
            yield Compared(
                name=f"{name}: {form} / torch's {peer}",
                ours=1e3 * median(seconds[form]) / steps,
                peer=1e3 * median(seconds[peer]) / steps,
                unit="ms",
                ratio=ratio(seconds[form], by=seconds[peer]),
                wanted=aim,
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


def drop_in_step(gradients: Sequence[Tensor], *, compiled: bool) -> Step:
    """Return a function that takes one step of the drop-in Adam."""
    step: Step = torch_optim.Adam(with_gradients(gradients), compiled=compiled).step
    return step


def torch_step(
    gradients: Sequence[Tensor], *, foreach: bool | None = None, fused: bool | None = None
) -> Step:
    """Return a function that takes one step of torch.optim.Adam in one of its forms."""
    return torch.optim.Adam(with_gradients(gradients), foreach=foreach, fused=fused).step


def with_gradients(gradients: Sequence[Tensor]) -> list[nn.Parameter]:
    parameters = [nn.Parameter(torch.randn_like(g)) for g in gradients]
    for theta, g in zip(parameters, gradients, strict=True):
        theta.grad = g
    return parameters
