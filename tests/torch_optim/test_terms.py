"""The arithmetic of the eager step: what it says it computes, in few operations."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from twins import CLASSES, give_gradients, tensors

from adamrepro.optim import PAPER_RULES, stack
from adamrepro.torch_optim.optimizer import RuleOptimizer
from adamrepro.torch_optim.scalars import Scalar, plain
from adamrepro.torch_optim.terms import Term, plus

A, B, C = torch.rand(3, 5, dtype=torch.float64).add(0.5).unbind()

EXPRESSIONS: dict[str, Any] = {
    "scaled": lambda a, b, c: 2.0 * a,
    "negated": lambda a, b, c: -(a * 3.0),
    "sum": lambda a, b, c: 2.0 * a + 3.0 * b,
    "difference": lambda a, b, c: 2.0 * a - 3.0 * b,
    "product": lambda a, b, c: 2.0 * a * b * c * 0.5,
    "products": lambda a, b, c: 0.5 * a * b + 3.0 * b * c,
    "quotient": lambda a, b, c: (2.0 * a) / (4.0 * b),
    "quotient of products": lambda a, b, c: (a * b) / (b * c) / 3.0,
    "quotient added": lambda a, b, c: a - 2.0 * (b / c),
    "number added": lambda a, b, c: (a * b + 0.5).sqrt() / (c + 0.25),
    "absolute": lambda a, b, c: (-2.0 * a).abs(),
    "function": lambda a, b, c: torch.maximum(2.0 * a, b) / torch.threshold(c, 1.0, 9.0),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_terms_compute_what_tensors_do(name: str) -> None:
    kept = [value.clone() for value in (A, B, C)]
    term = EXPRESSIONS[name](Term(A), Term(B), Term(C))
    torch.testing.assert_close(term.tensor(), EXPRESSIONS[name](A, B, C))
    torch.testing.assert_close(plus(A, term), A + EXPRESSIONS[name](A, B, C))
    assert all(torch.equal(x, y) for x, y in zip(kept, (A, B, C), strict=True))


def test_a_sum_that_begins_with_the_state_is_written_over_it() -> None:
    m = A.clone()
    new = 0.9 * Term(m, home=True) + 0.1 * Term(B)
    assert new.left is m
    torch.testing.assert_close(m, 0.9 * A + 0.1 * B)


@pytest.mark.parametrize("late", ["state", "scaled before", "factor", "denominator"])
def test_reading_the_old_state_after_that_is_an_error(late: str) -> None:
    """Never another number in silence."""
    old = Term(A.clone(), home=True)
    before = {"state": old, "scaled before": 2.0 * old, "factor": Term(B) * old,
              "denominator": Term(B) / old}[late]  # fmt: skip
    _ = 0.9 * old + Term(B)
    with pytest.raises(RuntimeError, match="what it has written over: step it compiled=True"):
        before.tensor()


def test_reading_a_root_after_adding_to_it_is_an_error() -> None:
    root = Term(A).sqrt()
    _ = root + 1.0
    with pytest.raises(RuntimeError, match="what it has written over"):
        root.tensor()


@pytest.mark.parametrize("name", PAPER_RULES)
def test_scalars_have_the_coefficients_of_tensors(name: str) -> None:
    rule = PAPER_RULES[name]()
    hyper = stack([rule])
    scalars = type(hyper)(
        **{
            key: Scalar(value.item()) if isinstance(value, Tensor) else value
            for key, value in vars(hyper).items()
        }
    )
    for t in (1, 2, 1000):
        expected = rule.coefficients(hyper, t)
        ours = rule.coefficients(scalars, t)
        for key, value in expected._asdict().items():
            assert plain(getattr(ours, key)) == pytest.approx(value.item(), rel=1e-14), key


class Counting(TorchDispatchMode):
    """Count the kernels that are called on whole parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = str(function)
        if not any(word in name for word in ("view", "detach", "alias", "split", "profiler")):
            self.names.append(name)
        return function(*args, **(kwargs or {}))


MOST = {"adam": 9, "adamax": 8, "adagrad": 5, "rmsprop": 8, "sgd": 4, "adadelta": 14}
"""Calls on tensors of a parameter's size; written out, Adam's are 18."""


def kernels(name: str) -> list[str]:
    """Return the kernels of one step on one large parameter."""
    parameters = tensors((200, 200))
    optimizer: RuleOptimizer = CLASSES[name](parameters)
    give_gradients(parameters, 1)
    optimizer.step()
    with Counting() as counted:
        optimizer.step()
    return counted.names


@pytest.mark.parametrize("name", CLASSES)
def test_an_eager_step_is_few_kernels(name: str) -> None:
    called = kernels(name)
    assert len(called) <= MOST[name], called


@pytest.mark.parametrize("size", ["tiny", "huge", "zero"])
@pytest.mark.parametrize("name", CLASSES)
def test_extreme_gradients_do_no_harm(name: str, size: str) -> None:
    """Squares that underflow, squares near the largest number there is, then ordinary ones."""
    info = torch.finfo(torch.float32)
    (p,) = tensors((6,))
    start = p.detach().clone()
    optimizer = CLASSES[name]([p], lr=0.1)
    for t in range(6):
        g = {"tiny": info.tiny, "huge": info.max**0.49, "zero": 0.0}[size] if t < 3 else 1.0
        p.grad = torch.full_like(p, g)
        optimizer.step()
        assert p.isfinite().all()
        assert (p <= start).all()
        assert size != "zero" or t >= 3 or torch.equal(p, start)
