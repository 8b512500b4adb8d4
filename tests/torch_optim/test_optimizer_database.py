"""What PyTorch asks of its own optimizers, on its own inputs, asked of ours."""

import copy
import io
import re
import warnings
from typing import Any

import pytest
import torch
from database import CASES, INFOS, REFUSED, make_ours, make_theirs
from torch import Tensor, nn
from torch.testing._internal.common_optimizers import OptimizerErrorEnum
from twins import TWINS, assert_same, tensors, walk

every_case = pytest.mark.parametrize("case", CASES)


def regression() -> tuple[list[nn.Parameter], Any]:
    """Return weight and bias, and a closure that computes a cost and its gradients."""
    weight, bias = tensors((10, 5), (10,))
    x = torch.linspace(-1, 1, 5)

    def closure() -> Tensor:
        for p in (weight, bias):
            p.grad = None
        cost = (weight @ x + bias).pow(2).sum()
        cost.backward()
        return cost

    return [weight, bias], closure


@every_case
def test_the_same_steps_as_torchs_class(case: str) -> None:
    ours = walk(lambda parameters: make_ours(case, parameters), 10)
    theirs = walk(lambda parameters: make_theirs(case, parameters), 10)
    assert_same(ours, theirs)


@pytest.mark.parametrize("case", REFUSED)
def test_what_ours_have_not_is_refused(case: str) -> None:
    name, kwargs = REFUSED[case]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        TWINS[name].ours(tensors((2,)), **kwargs)


@pytest.mark.parametrize("option", ["capturable", "differentiable"])
@pytest.mark.parametrize("name", TWINS)
def test_no_group_has_it_either(name: str, option: str) -> None:
    with pytest.raises(ValueError, match=f"{option}=True: expected False"):
        TWINS[name].ours([{"params": tensors((2,)), option: True}])


@every_case
@pytest.mark.parametrize("schedule", [None, 0, 1])
def test_goes_in_the_right_direction(case: str, schedule: int | None) -> None:
    parameters, closure = regression()
    optimizer = make_ours(case, parameters)
    name, kwargs = CASES[case]
    schedulers = INFOS[name].scheduler_inputs
    if schedule is not None:
        chosen = [make(optimizer) for make in schedulers[schedule % len(schedulers)]]
    else:
        chosen = []
    first = closure().item()
    for _ in range(20):
        cost = optimizer.step(closure)
        for scheduler in chosen:
            if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
                scheduler.step(cost.detach())
            else:
                scheduler.step()
    last = closure().item()
    assert last > first if kwargs.get("maximize") else last < first


@every_case
def test_no_gradient_no_step(case: str) -> None:
    parameters = tensors((3,), (2, 2))
    kept = copy.deepcopy(parameters)
    optimizer = make_ours(case, parameters)
    optimizer.step()
    assert_same(parameters, kept)
    assert not optimizer.state


@every_case
def test_zero_gradients_move_nothing_but_by_weight_decay(case: str) -> None:
    parameters = tensors((3,), (2, 2))
    kept = copy.deepcopy(parameters)
    for p in parameters:
        p.grad = torch.zeros_like(p)
    make_ours(case, parameters).step()
    _, kwargs = CASES[case]
    for p, before in zip(parameters, kept, strict=True):
        assert torch.equal(p, before) == (not kwargs.get("weight_decay"))


@every_case
def test_state_dict_goes_on_where_it_was(case: str) -> None:
    """Through a file that holds tensors and numbers only, and through named parameters."""
    parameters, closure = regression()
    optimizer = make_ours(case, parameters)
    for _ in range(3):
        optimizer.step(closure)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    others, other_closure = regression()
    for p, other in zip(parameters, others, strict=True):
        other.data.copy_(p)
    other = make_ours(case, [("weight", others[0]), ("bias", others[1])])
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    for _ in range(3):
        optimizer.step(closure)
        other.step(other_closure)
    for p, q in zip(parameters, others, strict=True):
        assert torch.equal(p, q)


@every_case
def test_deepcopy_goes_the_same_way(case: str) -> None:
    parameters, closure = regression()
    optimizer = make_ours(case, parameters)
    optimizer.step(closure)
    copied = copy.deepcopy(optimizer)
    twins = copied.param_groups[0]["params"]
    for p, q in zip(parameters, twins, strict=True):
        assert p is not q
        q.grad = p.grad.clone()
    optimizer.step()
    copied.step()
    for p, q in zip(parameters, twins, strict=True):
        assert torch.equal(p, q)


@every_case
def test_can_be_printed(case: str) -> None:
    optimizer = make_ours(case, tensors((2,)))
    assert re.match(rf"{type(optimizer).__name__} \(\nParameter Group 0\n", repr(optimizer))


ERRORS = [
    pytest.param(name, error, id=f"{name}: {error.optimizer_error_input.desc}")
    for name, info in INFOS.items()
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32)
    if "betas must be either both" not in error.optimizer_error_input.desc  # ours may be mixed
]


@pytest.mark.parametrize(("name", "error"), ERRORS)
def test_torchs_error_inputs_are_errors(name: str, error: Any) -> None:
    assert error.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR
    given = error.optimizer_error_input
    parameters = tensors((2,)) if given.params is None else given.params
    if {"foreach", "lr_decay"} & set(given.kwargs):
        expected, message = TypeError, "unexpected keyword argument"
    elif error.error_regex.startswith("Invalid"):  # "Invalid beta parameter at index 0: 1.0"
        value = error.error_regex.rpartition(": ")[2]
        expected, message = ValueError, rf"={value}: expected a number"
    else:  # torch's own base class, or its words
        expected, message = error.error_type, error.error_regex
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(expected, match=message):
            TWINS[name].ours(parameters, **given.kwargs)
