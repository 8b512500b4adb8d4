"""compiled=True: the same numbers within rounding, from one kernel per rule."""

import copy
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend
from twins import CLASSES, assert_same, give_gradients, tensors

from adamrepro.optim import can_compile
from adamrepro.torch_optim import Adam, kernels, rows

pytestmark = pytest.mark.skipif(not can_compile(), reason="needs a C++ compiler")

SHAPES = [(300, 200), (200,), (10, 200), (10,), (40000,)]


@pytest.fixture(autouse=True)
def compiled_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.reset()
    monkeypatch.setattr(kernels, "KERNELS", {})


def walked(name: str, compiled: bool, dtype: torch.dtype) -> list[nn.Parameter]:
    """Walk under a schedule, with weight decay, through a state_dict and back."""
    parameters = tensors(*SHAPES, dtype=dtype)
    optimizer = CLASSES[name](parameters, weight_decay=0.1, maximize=True, compiled=compiled)
    for t in range(1, 5):
        give_gradients(parameters, t)
        optimizer.step()
        optimizer.param_groups[0]["lr"] *= 0.7
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    return parameters


def with_backend(backend: object) -> Callable[..., object]:
    """Return a torch.compile that leaves out the compiling of C++: seconds for each rule."""
    return partial(torch.compile, backend=backend)


def test_compiled_equals_eager() -> None:
    ours = walked("adam", compiled=True, dtype=torch.float32)
    assert_same(ours, walked("adam", compiled=False, dtype=torch.float32))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, torch.float32) for name in CLASSES), ("adam", torch.bfloat16)],
)
def test_traced_equals_eager(
    name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two batches. No rule knows of narrow parameters: they are rounded outside, once for all.

    tests/optim/test_compiled_update.py compiles every rule to the end.
    """
    monkeypatch.setattr(rows, "SMALL", {"cpu": 5, "elsewhere": 5})
    assert len(SHAPES) > kernels.BATCH
    monkeypatch.setattr(torch, "compile", with_backend("aot_eager"))
    ours = walked(name, compiled=True, dtype=dtype)
    assert_same(ours, walked(name, compiled=False, dtype=dtype))


def test_no_number_is_compiled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another step size, step, shape or optimizer costs no second compilation."""
    counter = CompileCounterWithBackend("eager")
    monkeypatch.setattr(torch, "compile", with_backend(counter))
    for shapes in ([(300, 200), (10,)], [(123, 456), (7, 7)], [(3,), (50000,)]):
        parameters = tensors(*shapes)
        optimizer = Adam(parameters, compiled=True)
        for t in range(1, 6):
            give_gradients(parameters, t)
            optimizer.step()
            for group in optimizer.param_groups:
                group["lr"] *= 0.9
                group["betas"] = (group["betas"][0] * 0.99, group["betas"][1] * 0.99)
    assert counter.frame_count == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_torch_compile_around_a_training_step(compiled: bool) -> None:
    """The model is compiled, the step is what compiled=True makes it."""
    x = torch.linspace(-1, 1, 12).view(4, 3)

    def trained(wrapped: bool) -> list[nn.Parameter]:
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = Adam(model.parameters(), lr=0.1, compiled=compiled)

        def train() -> None:
            optimizer.zero_grad()
            model(x).pow(2).sum().backward()
            optimizer.step()

        run = torch.compile(train, backend="eager") if wrapped else train
        for _ in range(4):
            run()
        return list(model.parameters())

    assert_same(trained(wrapped=True), trained(wrapped=False))
