"""The average of section 7.2 beside a model."""

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from twins import SHAPES, give_gradients, tensors

from adamrepro.torch_optim import Adam, AveragedParameters

DECAY = 0.8


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


SOURCES: dict[str, Callable[[nn.Module], Any]] = {
    "module": lambda module: module,
    "optimizer": lambda module: Adam(module.parameters()),
    "torch's optimizer": lambda module: torch.optim.SGD(module.parameters(), lr=0.1),
    "parameters": lambda module: module.parameters(),
}


@pytest.mark.parametrize("source", SOURCES)
def test_is_the_corrected_sum_of_the_paper(source: str) -> None:
    """thetabar_T / (1 - decay^T) is the mean of theta_t with weights decay^(T-t)."""
    module = model()
    average = AveragedParameters(SOURCES[source](module), decay=DECAY)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    walked = []
    for t in range(1, 6):
        give_gradients(list(module.parameters()), t)
        optimizer.step()
        average.update()
        walked.append([p.detach().clone() for p in module.parameters()])
    last = copy.deepcopy(list(module.parameters()))
    weights = torch.tensor([DECAY ** (5 - t) for t in range(1, 6)])
    with average.swapped():
        for i, p in enumerate(module.parameters()):
            values = torch.stack([places[i] for places in walked], dim=-1)
            torch.testing.assert_close(p.detach(), (values * weights).sum(-1) / weights.sum())
    for p, q in zip(module.parameters(), last, strict=True):
        assert torch.equal(p, q)


def test_one_update_gives_theta_itself() -> None:
    parameters = tensors(*SHAPES)
    average = AveragedParameters(parameters, decay=0.9999)
    average.update()
    kept = copy.deepcopy(parameters)
    with average.swapped():
        for p, q in zip(parameters, kept, strict=True):
            torch.testing.assert_close(p, q)


def test_before_the_first_update_parameters_stay() -> None:
    parameters = tensors((3,))
    kept = parameters[0].detach().clone()
    with AveragedParameters(parameters).swapped():
        assert torch.equal(parameters[0], kept)


def test_parameters_come_back_after_an_error() -> None:
    parameters = tensors((3,))
    average = AveragedParameters(parameters, decay=0.5)
    average.update()
    parameters[0].data += 1
    average.update()
    kept = parameters[0].detach().clone()
    with pytest.raises(ZeroDivisionError), average.swapped():
        _ = 1 / 0
    assert torch.equal(parameters[0], kept)
    average.update()  # no longer inside


def test_no_update_and_no_swap_inside() -> None:
    average = AveragedParameters(tensors((3,)))
    with average.swapped():
        with pytest.raises(RuntimeError, match=r"^update\(\) inside swapped\(\)"):
            average.update()
        with pytest.raises(RuntimeError, match=r"^swapped\(\) inside"), average.swapped():
            pass


def test_training_inside_is_not_lost_in_silence() -> None:
    parameters = tensors((3,))
    average, before = AveragedParameters(parameters), parameters[0].detach().clone()
    average.update()
    said = pytest.raises(RuntimeError, match=r"^parameters changed inside swapped\(\)")
    with said, average.swapped(), torch.no_grad():
        parameters[0].add_(1)
    assert torch.equal(parameters[0], before)


def test_follows_an_optimizer_by_its_hook() -> None:
    parameters = tensors((3,))
    optimizer = Adam(parameters)
    average = AveragedParameters(optimizer)
    optimizer.register_step_post_hook(lambda *_: average.update())
    give_gradients(parameters, 1)
    optimizer.step()
    optimizer.step()
    assert average.t == 2


def test_bf16_parameters_are_averaged_in_fp32() -> None:
    """In bf16 an average with decay 0.999 would not move."""
    parameters = tensors((4,), dtype=torch.bfloat16)
    average = AveragedParameters(parameters, decay=0.999)
    start = parameters[0].detach().clone()
    for _ in range(100):
        average.update()
    parameters[0].data += 1
    for _ in range(100):
        average.update()
    assert average.averages[0].dtype is torch.float32
    with average.swapped():
        moved = (parameters[0] - start).float()
        assert ((moved > 0.4) & (moved < 0.6)).all()


def test_complex_parameters() -> None:
    z = nn.Parameter(torch.tensor([1 + 2j, 3 - 1j]))
    average = AveragedParameters([z], decay=0.5)
    average.update()
    z.data *= 4
    average.update()
    with average.swapped():
        torch.testing.assert_close(z.detach(), torch.tensor([3 + 6j, 9 - 3j]))


def test_goes_on_from_a_file_and_fills_another_model() -> None:
    module = model()
    average = AveragedParameters(module, decay=0.5)
    average.update()
    file = io.BytesIO()
    torch.save(average.state_dict(), file)
    file.seek(0)
    other = AveragedParameters(module, decay=0.9)
    other.load_state_dict(torch.load(file, weights_only=True))
    for one in (average, other):
        for p in module.parameters():
            p.data += 1
        one.update()
        for p in module.parameters():
            p.data -= 1
    first, second = model(), model()
    average.copy_to(first)
    other.copy_to(second)
    for p, q, start in zip(
        first.parameters(), second.parameters(), module.parameters(), strict=True
    ):
        assert torch.equal(p, q)
        torch.testing.assert_close(p.detach(), start + 2 / 3)


def test_mistakes_are_named() -> None:
    for decay in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match=rf"^decay={decay}: expected a number in \[0, 1\)"):
            AveragedParameters(tensors((2,)), decay=decay)
    saved = AveragedParameters(tensors((2,))).state_dict()
    with pytest.raises(ValueError, match=r"^tensors of shapes \[\(2,\)\]: expected \[\(3,\)\]"):
        AveragedParameters(tensors((3,))).load_state_dict(saved)


@pytest.mark.parametrize("others", [[(4, 2), (3,)], [(2,)], [(2,), (3,), (1,)]])
def test_nothing_is_written_into_parameters_of_other_shapes(others: list[tuple[int, ...]]) -> None:
    average = AveragedParameters(tensors((2,), (3,)))
    average.update()
    targets = tensors(*others)
    before = [p.clone() for p in targets]
    with pytest.raises(ValueError, match=r"expected \[\(2,\), \(3,\)\]"):
        average.copy_to(targets)
    assert all(map(torch.equal, targets, before))


def test_what_cannot_be_trained_is_left_alone() -> None:
    module = nn.Linear(2, 2)
    module.count = nn.Parameter(torch.tensor(3), requires_grad=False)
    average = AveragedParameters(module)
    average.update()
    with average.swapped():
        assert module.count == 3
