"""What every model must do: one table, MODELS."""

import dataclasses

import pytest
import torch
from model_table import (
    CASES,
    EVERY_MODEL,
    EXAMPLES,
    build,
    examples,
    gradients,
    member,
    noise,
)

from adamrepro.errors import UserError
from adamrepro.models import MODELS, ConvNetConfig, Init

every_model = pytest.mark.parametrize("name", EVERY_MODEL)
MEMBERS = 3


def test_the_table_is_whole() -> None:
    assert set(CASES) == set(MODELS)
    for name, case in CASES.items():
        assert type(case.config) is MODELS[name] is type(case.noisy)
        assert case.config.name == name


@every_model
@pytest.mark.parametrize("kind", ["config", "noisy"])
def test_shapes(name: str, kind: str) -> None:
    case = CASES[name]
    model = build(getattr(case, kind), case.shape, MEMBERS, same=False)
    x, y = examples(case.shape)
    cost = model.cost(x, y, noise())
    assert cost.shape == (MEMBERS,)
    assert cost.isfinite().all()
    clean, error = model.error(x, y, noise(dropout=False))
    assert clean.shape == (MEMBERS,)
    if error is not None:
        assert error.shape == (MEMBERS,)
        wrong = error * EXAMPLES
        assert torch.allclose(wrong, wrong.round(), atol=1e-5)
        assert ((error >= 0) & (error <= 1)).all()
    assert all(parameter.shape[0] == MEMBERS for parameter in model.parameters())


@every_model
def test_cost_in_float32_is_float32(name: str) -> None:
    case = CASES[name]
    model = build(case.config, case.shape, MEMBERS, same=False).float()
    x, y = examples(case.shape)
    assert model.cost(x.float(), y, noise()).dtype is torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        coarse = model.cost(x.float(), y, noise())
    assert coarse.dtype is torch.float32
    torch.testing.assert_close(coarse, model.cost(x.float(), y, noise()), rtol=0.02, atol=0.02)


@every_model
@pytest.mark.parametrize("kind", ["config", "noisy"])
def test_gradient_against_finite_differences(name: str, kind: str) -> None:
    """Along a random direction in each parameter, per member, the noise held."""
    case = CASES[name]
    model = build(getattr(case, kind), case.shape, MEMBERS, same=False)
    x, y = examples(case.shape)
    generator, h = torch.Generator().manual_seed(4), 1e-6
    for parameter, g in zip(model.parameters(), gradients(model, x, y), strict=True):
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        direction /= direction.flatten(1).norm(dim=1).view(-1, *[1] * (direction.dim() - 1))
        ends = []
        for sign in (1, -2):
            parameter.data += sign * h * direction
            ends.append(model.cost(x, y, noise()).detach())
        parameter.data += h * direction
        expected = (g * direction).flatten(1).sum(1)
        torch.testing.assert_close((ends[0] - ends[1]) / (2 * h), expected, rtol=1e-5, atol=1e-7)


@every_model
@pytest.mark.parametrize("kind", ["config", "noisy"])
def test_member_alone_equals_member_in_a_population(name: str, kind: str) -> None:
    case = CASES[name]
    config = getattr(case, kind)
    model = build(config, case.shape, MEMBERS, same=False)
    x, y = examples(case.shape)
    costs, slopes = model.cost(x, y, noise()), gradients(model, x, y)
    clean, error = model.error(x, y, noise(dropout=False))
    assert costs.unique().numel() == MEMBERS
    for row in range(MEMBERS):
        alone = member(model, build(config, case.shape, 1, same=True), row)
        torch.testing.assert_close(alone.cost(x, y, noise())[0], costs[row], rtol=1e-12, atol=0)
        own_clean, own_error = alone.error(x, y, noise(dropout=False))
        torch.testing.assert_close(own_clean[0], clean[row], rtol=1e-12, atol=0)
        assert error is None or own_error[0] == error[row]
        for own, of_all in zip(gradients(alone, x, y), slopes, strict=True):
            torch.testing.assert_close(own[0], of_all[row], rtol=1e-9, atol=1e-12)


@every_model
def test_members_do_not_see_each_other(name: str) -> None:
    """A member full of nan leaves the others' costs and gradients as they were."""
    case = CASES[name]
    model = build(case.noisy, case.shape, MEMBERS, same=False)
    x, y = examples(case.shape)
    costs, slopes = model.cost(x, y, noise()), gradients(model, x, y)
    for parameter in model.parameters():
        parameter.data[1] = torch.nan
    kept = torch.tensor([0, 2])
    ill = model.cost(x, y, noise())
    assert ill[1].isnan()
    assert torch.equal(ill[kept], costs[kept])
    for now, before in zip(gradients(model, x, y), slopes, strict=True):
        assert torch.equal(now[kept], before[kept])


@every_model
def test_members_share_the_noise(name: str) -> None:
    """Equal members have equal costs, and the noise is there."""
    case = CASES[name]
    model = build(case.noisy, case.shape, MEMBERS, same=True)
    x, y = examples(case.shape)
    costs = model.cost(x, y, noise())
    torch.testing.assert_close(costs, costs[:1].expand(MEMBERS), rtol=1e-13, atol=0)
    assert torch.equal(model.cost(x, y, noise()), costs)
    assert not torch.equal(model.cost(x, y, noise(seed=5)), costs)


@pytest.mark.parametrize("name", sorted(set(EVERY_MODEL) - {"vae"}))
def test_clean_cost_is_the_cost_without_dropout(name: str) -> None:
    case = CASES[name]
    with_dropout = build(case.noisy, case.shape, 2, same=True)
    without = build(case.config, case.shape, 2, same=True)
    x, y = examples(case.shape)
    clean, _ = with_dropout.error(x, y, noise(dropout=False))
    assert torch.equal(clean, without.cost(x, y, noise()))
    assert torch.equal(clean, without.error(x, y, noise(dropout=False))[0])


@every_model
def test_initial_parameters_are_the_members_common_and_the_seeds_own(name: str) -> None:
    case = CASES[name]
    one, three = (build(case.config, case.shape, members, same=True) for members in (1, 3))
    for single, shared in zip(one.parameters(), three.parameters(), strict=True):
        assert torch.equal(single.expand_as(shared), shared)
    other = case.config.build(1, torch.Size(case.shape), 4)
    case.config.initialize(other, torch.Generator().manual_seed(1))
    weights = [p for key, p in other.named_parameters() if key.endswith("weight")]
    own = [p for key, p in one.named_parameters() if key.endswith("weight")]
    assert not any(torch.equal(a.double(), b) for a, b in zip(weights, own, strict=True))


def test_the_first_stage_of_the_convnet_can_start_smaller() -> None:
    """The other weights stay what they are without it."""
    shape = torch.Size([3, 8, 8])
    plain = ConvNetConfig(init=Init.normal, hidden=9)
    small = dataclasses.replace(plain, first_std=1e-4)
    models = []
    for config in (plain, small):
        model = config.build(2, shape, 10)
        config.initialize(model, torch.Generator().manual_seed(0))
        models.append(dict(model.named_parameters()))
    first = models[1].pop("stages.0.weight")
    assert float(first.detach().std()) == pytest.approx(1e-4, rel=0.1)
    assert torch.equal(first[0], first[1])
    assert all(torch.equal(value, models[0][name]) for name, value in models[1].items())
    with pytest.raises(UserError, match=r"model\.first_std=0"):
        ConvNetConfig(first_std=0)
