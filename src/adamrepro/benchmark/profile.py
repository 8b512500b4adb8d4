"""Where the time of a step goes: the profiler's operators, summed by what they are for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.autograd.profiler import profile, record_function

from adamrepro.benchmark.quasi_newton import MINIBATCHES, settled_sfo
from adamrepro.benchmark.tasks import WORKLOADS, our_loop
from adamrepro.benchmark.turns import several
from adamrepro.benchmark.updates import FEW_AND_MANY, drop_in_step
from adamrepro.optim import can_compile

STEPS = "steps"

WARM_UP = 5
"""Steps before those that count: what is compiled is compiled by then."""

OPERATORS = {
    "products": """mm bmm addmm baddbmm addmv addmv_ mv dot mkldnn_convolution convolution_backward
        _embedding_bag index_add_ scatter_add_""",
    "copies": """copy_ cat index_select repeat_interleave _foreach_copy_ flatten_dense_tensors
        unflatten_dense_tensors""",
    "noise": "random_ normal_ bernoulli_ ge",
    "between": """view slice narrow as_strided transpose select expand unsqueeze squeeze t reshape
        detach alias empty empty_like empty_strided item _local_scalar_dense""",
}
"""What PyTorch's operators are for; all others compute elementwise."""

KINDS = {f"aten::{name}": kind for kind, names in OPERATORS.items() for name in names.split()}


@dataclass(frozen=True)
class Profile:
    """A step's milliseconds, all members, and the shares of what it is spent on.

    products: of matrices, convolutions, sparse rows. update: the compiled update rule. copies:
    minibatches and layouts. noise: dropout masks, samples. elementwise: all other operators.
    between: Python, views, finding the compiled code. The profiler slows small operators down.
    """

    step: str
    members: int
    ms: float
    products: float
    update: float
    copies: float
    noise: float
    elementwise: float
    between: float


def profiles(root: Path, *, shorter: int = 1) -> Iterator[Profile]:
    """Profile a step of each task at its population's size, of the drop-in Adam, and of SFO."""
    for name, task in WORKLOADS.items():
        data = task.load(root)
        step = our_loop(task, data, task.members).step
        steps = max(1, task.steps // shorter)
        yield profiled(f"{name} ({data.source})", step, steps, task.members)
    for name, shapes in FEW_AND_MANY.items():
        gradients = [torch.randn(shape) for shape in shapes]
        for form in ("eager", "compiled") if can_compile() else ("eager",):
            drop_in = drop_in_step(gradients, compiled=form == "compiled")
            yield profiled(f"torch_optim.Adam, {name}, {form}", drop_in, 20 // shorter)
    sfo, _ = settled_sfo()
    yield profiled(f"SFO, {MINIBATCHES} minibatches", sfo.step, MINIBATCHES // shorter)


def profiled(name: str, step: Callable[[], object], steps: int, members: int = 1) -> Profile:
    """Profile so many steps."""
    several(step, WARM_UP)()
    with profile() as found, record_function(STEPS):
        several(step, steps)()
    spent = {event.key: event.self_cpu_time_total for event in found.key_averages()}
    return Profile(name, members, 1e-3 * sum(spent.values()) / steps, **shares(spent))


def shares(spent: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each kind in the time spent on operators themselves, by their names."""
    kinds = ("products", "update", "copies", "noise", "elementwise", "between")
    total = dict.fromkeys(kinds, 0.0)
    for name, time in spent.items():
        total[kind_of(name)] += time
    whole = sum(total.values())
    return {kind: time / whole for kind, time in total.items()}


def kind_of(name: str) -> str:
    """Return what an operator is for."""
    if name.startswith("## Call CompiledFxGraph"):
        return "update"
    return KINDS.get(name, "elementwise" if name.startswith("aten::") else "between")
