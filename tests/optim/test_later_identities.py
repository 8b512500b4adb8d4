"""What the later rules have in common with Adam and with each other."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import (
    ADOPT,
    SGD,
    Adam,
    AdamAtan2,
    AdamW,
    AdEMAMix,
    AMSGrad,
    CautiousAdam,
    EpsForm,
    Lion,
    Maximum,
    NAdam,
    RAdam,
    RMSProp,
    Rule,
    Schedule,
    ScheduleFree,
    Signum,
)

SAME: dict[str, tuple[Rule, Rule]] = {
    "adamw without decay": (AdamW(weight_decay=0.0), Adam()),
    "ademamix without the slow mean": (AdEMAMix(mix=0.0), Adam()),
    "ademamix of equal means": (
        AdEMAMix(alpha=1e-3, beta1=0.0, beta3=0.0, mix=3.0, eps=0.0),
        Adam(alpha=4e-3, beta1=0.0, eps=0.0),
    ),
    "radam that waits for ever": (
        RAdam(beta1=0.0, rho_above=1e9),
        SGD(alpha=1e-3, momentum=0.0, nesterov=False),
    ),
    "nadam without momentum": (NAdam(beta1=0.0), Adam(alpha=2e-3, beta1=0.0)),
    "lion at equal betas": (Lion(beta1=0.9, beta2=0.9), Signum(beta1=0.9)),
    "signum without momentum": (
        Signum(alpha=1e-3, beta1=0.0),
        RMSProp(alpha=1e-3, decay=0.0, eps=0.0),
    ),
    "amsgrad uncorrected, either maximum": (
        AMSGrad(bias_correction=False),
        AMSGrad(bias_correction=False, maximum=Maximum.after_correction),
    ),
    "schedule-free in its first step": (ScheduleFree(alpha=1e-3), Adam(beta1=0.0)),
}


@pytest.mark.parametrize("name", SAME)
def test_two_names_of_one_method(name: str) -> None:
    one, other = SAME[name]
    gradients = noisy(1 if "first step" in name else 100, 9)
    gradients[-1] = gradients[-1].abs() + 1e-3
    assert_same_walk(walk([one], gradients), walk([other], gradients), relative=1e-11)


@pytest.mark.parametrize("maximum", Maximum)
def test_amsgrad_is_adam_while_squares_grow(maximum: Maximum) -> None:
    growing = noisy(100, 9).abs().cumsum(0) + 1e-3
    rule = AMSGrad(maximum=maximum)
    assert_same_walk(walk([rule], growing), walk([Adam()], growing))


def test_amsgrad_keeps_what_adam_forgets() -> None:
    """After one large gradient AMSGrad's steps stay small, and smaller where it was corrected."""
    g = torch.ones(500, 1, dtype=torch.float64)
    g[0] = 100.0
    before, after = (AMSGrad(beta2=0.9, maximum=maximum) for maximum in Maximum)
    last = [
        float(walk([rule], g).diff(dim=0)[-1].abs()) for rule in (Adam(beta2=0.9), before, after)
    ]
    assert last[0] == pytest.approx(1e-3)
    assert last[1] == pytest.approx(1e-3 / math.sqrt(0.1 * 100**2), rel=1e-3)
    assert last[2] == pytest.approx(1e-3 / 100, rel=1e-3)


@pytest.mark.parametrize("rule", [Lion(alpha=0.1), Signum(alpha=0.1)], ids=lambda rule: rule.name)
def test_signs_step_by_alpha(rule: Rule) -> None:
    steps = walk([rule], noisy(100, 9) + 1e-9).diff(dim=0).abs()
    torch.testing.assert_close(steps, torch.full_like(steps, 0.1), rtol=1e-12, atol=1e-15)


@given(scale=st.floats(1e-30, 1e30))
def test_atan2_does_not_see_the_gradients_scale(scale: float) -> None:
    """Adam does, through eps."""
    g = noisy(50, 9)
    one, other = (walk([AdamAtan2()], c * g) for c in (1.0, scale))
    assert_same_walk(other, one, relative=1e-9)


def test_atan2_steps_as_adam_and_never_further_than_2_alpha() -> None:
    constant = torch.ones(50, 1, dtype=torch.float64)
    assert_same_walk(walk([AdamAtan2()], constant), walk([Adam(eps=0.0)], constant))
    steps = walk([AdamAtan2(alpha=0.1, beta1=0.9, beta2=0.0)], noisy(200, 50)).diff(dim=0)
    assert 0.19 < steps.abs().max() <= 0.2 * (1 + 1e-12)


def test_cautious_is_adam_but_for_one_count_where_all_agree() -> None:
    """alpha d / (d + 1): the publication adds 1 to the count."""
    g = noisy(100, 9).abs() + 1e-6
    ours, adam = walk([CautiousAdam()], g), walk([Adam()], g)
    assert_same_walk(ours, 0.9 * adam)


def test_cautious_never_steps_against_the_gradient() -> None:
    g = noisy(200, 30)
    steps = walk([CautiousAdam()], g).diff(dim=0)
    assert (steps * g <= 0).all()
    assert (walk([Adam()], g).diff(dim=0) * g > 0).any()


def test_adopt_looks_before_it_steps() -> None:
    """No step at first; the second is g_1 / |g_0|, cut off at 1."""
    g = torch.tensor([[2.0, 2.0, 2.0], [1.0, -4.0, 0.0]], dtype=torch.float64)
    first, second = walk([ADOPT(alpha=1.0, beta1=0.0)], g).diff(dim=0)
    assert (first == 0).all()
    assert second.tolist() == [-0.5, 1.0, 0.0]


def test_ademamix_remembers_what_adam_forgot() -> None:
    """Long after a push, Adam rests and the slow mean still steps downhill."""
    g = torch.zeros(1000, 1, dtype=torch.float64)
    g[:100] = 1.0
    adam, slow = (walk([rule], g).diff(dim=0)[-1] for rule in (Adam(), AdEMAMix()))
    assert abs(adam) < 1e-30
    assert slow < -1e-5


def test_decoupled_decay_is_not_a_penalty() -> None:
    """Coupled, lambda theta is rescaled as the gradient is: where g is large it hardly counts."""
    start = torch.ones(1, 2, dtype=torch.float64)
    g = torch.tensor([1e-3, 1e3], dtype=torch.float64).expand(100, 2).clone()
    g[::2] *= -1
    decoupled = walk([AdamW(weight_decay=0.1)], g, start=start, outputs=2)[-1]
    coupled = walk([Adam()], g, start=start, l2=[0.1])[-1]
    torch.testing.assert_close(decoupled[0], decoupled[1], rtol=1e-3, atol=0)
    assert coupled[1] - coupled[0] > 0.02


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.0, 0.9999), (0.9, 0.5)])
def test_bias_correction_is_a_schedule_of_alpha(beta1: float, beta2: float) -> None:
    """`eps_form=efficient` is uncorrected Adam under alpha sqrt(1 - beta2^t) / (1 - beta1^t).

    So the question of arXiv 2511.20516 needs no rule of its own: with its eps on sqrt(v), bias
    correction *is* this schedule. Algorithm 1 differs in what its eps is added to.
    """
    g, eps = noisy(100, 9), 1e-3
    theta = torch.zeros(9, dtype=torch.float64)
    places: list[Tensor] = [theta]
    uncorrected = walk(
        [Adam(alpha=1.0, beta1=beta1, beta2=beta2, eps=eps, bias_correction=False)], g
    )
    for t, step in enumerate(uncorrected.diff(dim=0), start=1):
        alpha = 0.01 * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        places.append(places[-1] + alpha * step)
    efficient = Adam(alpha=0.01, beta1=beta1, beta2=beta2, eps=eps, eps_form=EpsForm.efficient)
    assert_same_walk(walk([efficient], g), torch.stack(places))


def test_warm_up_scales_the_first_steps_linearly() -> None:
    g = noisy(40, 9)
    steps = walk([Adam(eps=0.0)], g).diff(dim=0)
    risen = walk([Adam(eps=0.0)], g, schedule=Schedule(warmup=20)).diff(dim=0)
    factor = (torch.arange(1, 41, dtype=torch.float64) / 20).clamp(max=1).unsqueeze(1)
    torch.testing.assert_close(risen, factor * steps, rtol=1e-9, atol=1e-15)
