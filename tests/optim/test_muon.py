"""Muon's matrix step: the weights that the generic table, which walks with biases, leaves out."""

from itertools import product

import pytest
import torch
from torch import Tensor
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import Muon, Scale, Schedule, zero_state
from adamrepro.optim.muon import orthogonal

SHAPES = [(6, 4), (4, 6), (5, 5), (6, 3, 5, 5), (1, 7)]

EVERY_SETTING = [
    Muon(nesterov=nesterov, scale=scale, weight_decay=0.1)
    for nesterov, scale in product([True, False], Scale)
]


def ordinary(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def torch_muon(gradients: Tensor, start: Tensor, rule: Muon) -> Tensor:
    """Places of torch.optim.Muon on [outputs, inputs] matrices."""
    theta = start.clone()
    theirs = torch.optim.Muon(
        [theta],
        lr=rule.alpha,
        momentum=rule.momentum,
        nesterov=rule.nesterov,
        weight_decay=rule.weight_decay,
        adjust_lr_fn=rule.scale.value,
    )
    places = [theta.clone()]
    for g in gradients:
        theta.grad = g.clone()
        theirs.step()
        places.append(theta.clone())
    return torch.stack(places)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("rule", EVERY_SETTING, ids=str)
@pytest.mark.parametrize(("outputs", "inputs"), [(4, 6), (6, 4)])
def test_equals_torch(
    rule: Muon, outputs: int, inputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our layers hold [inputs, outputs], torch's the transpose; torch iterates in bf16."""
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)
    gradients, start = ordinary(30, outputs, inputs), ordinary(outputs, inputs, seed=1)
    theirs = torch_muon(gradients, start, rule)
    ours = walk([rule], gradients.mT, start=start.mT[None], outputs=2)
    assert_same_walk(ours.mT, theirs)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("scale", Scale)
def test_kernels_are_matrices_of_their_outputs(
    scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)
    gradients, rule = ordinary(10, 6, 3, 5, 5), Muon(scale=scale)
    theirs = torch_muon(gradients.flatten(2), torch.zeros(6, 75, dtype=torch.float64), rule)
    ours = walk([rule], gradients, outputs=1)
    assert_same_walk(ours.flatten(2), theirs)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (20, 20), (200, 10)])
def test_singular_values_come_near_1(shape: tuple[int, int]) -> None:
    """Those above a hundredth of the norm; singular vectors stay as they are."""
    u, _, v = torch.linalg.svd(ordinary(*shape), full_matrices=False)
    values = torch.linspace(1.0, 0.05, min(shape), dtype=torch.float64)
    found = orthogonal((u * values @ v)[None])[0]
    inside = u.mT @ found @ v.mT
    torch.testing.assert_close(inside, torch.diag(inside.diag()), rtol=0, atol=1e-12)
    assert inside.diag().min() > 0.65
    assert inside.diag().max() < 1.25


@pytest.mark.parametrize("factor", [1e-3, 1e6])
def test_the_size_of_gradients_does_not_count(factor: float) -> None:
    gradients = ordinary(20, 6, 4)
    one, other = (walk([Muon()], c * gradients, outputs=2) for c in (1.0, factor))
    assert_same_walk(other, one, relative=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_member_alone_equals_member_in_a_population(
    shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    members = [Muon(), Muon(alpha=1.0, nesterov=False), Muon(momentum=0.0, weight_decay=0.1)]
    gradients = ordinary(10, 3, *shape).to(dtype)
    together = walk(members, gradients, outputs=2)
    for row, member in enumerate(members):
        alone = walk([member], gradients[:, row], outputs=2)
        torch.testing.assert_close(
            alone, together[:, row], rtol=0, atol=1e-5 if dtype is torch.float32 else 1e-13
        )


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e200, torch.finfo(torch.float64).max])
def test_matrices_of_any_size_do_no_harm(size: float) -> None:
    """No gradient is no step; squares that overflow end in a step of zero."""
    gradients = size * torch.ones(5, 6, 4, dtype=torch.float64)
    walked = walk([Muon(weight_decay=0.1)], gradients, outputs=2)
    assert walked.isfinite().all()
    if size == 0.0:
        assert (walked == 0).all()


def test_one_members_nan_reaches_no_other_member() -> None:
    members = [Muon()] * 3
    clean = ordinary(8, 3, 6, 4)
    dirty = clean.clone()
    dirty[2, 1, 0, 0] = torch.nan
    expected, walked = (walk(members, g, outputs=2) for g in (clean, dirty))
    assert walked[3:, 1].isnan().all()
    assert torch.equal(walked[:, [0, 2]], expected[:, [0, 2]])


def test_a_schedule_acts_on_both_step_sizes() -> None:
    """Whether it is a matrix or a bias, the first of ten steps of warm-up is a tenth as long."""
    gradients = ordinary(1, 6, 4)
    for outputs in (2, None):
        risen, whole = (
            walk([Muon()], gradients, schedule=schedule, outputs=outputs)
            for schedule in (Schedule(warmup=10), Schedule())
        )
        assert_same_walk(10 * risen, whole)


def test_biases_take_adamws_step_with_a_step_size_of_their_own() -> None:
    """Whatever their shape; and a matrix holds one moment, a bias two."""
    gradients = noisy(50, 1, 6)
    one, other = (walk([Muon(alpha=alpha)], gradients) for alpha in (0.1, 1.0))
    assert torch.equal(one, other)
    small, large = (walk([Muon(adam_alpha=alpha)], gradients) for alpha in (1e-4, 1e-3))
    assert_same_walk(large, 10 * small)
    theta = torch.zeros(2, 6, 4)
    assert len(zero_state(Muon, theta, outputs=2)) == 1
    assert len(zero_state(Muon, theta, outputs=None)) == 2
