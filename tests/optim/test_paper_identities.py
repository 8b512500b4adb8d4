"""What the paper says of its rules, in double precision."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import (
    SGD,
    AdaGrad,
    Adam,
    AdaMax,
    Decay,
    EpsForm,
    RMSProp,
    Schedule,
    VelocityForm,
)

betas = st.floats(0.0, 0.9999, allow_subnormal=False)


def adam_box(
    g: list[float],
    *,
    alpha: float,
    beta1: float,
    beta2: float,
    eps: float,
    lam: float = 1.0,
    corrected: bool = True,
    efficient: bool = False,
) -> list[float]:
    """Algorithm 1 for one number, line by line; places after each step."""
    theta = m = v = 0.0
    places = []
    for t, g_t in enumerate(g, start=1):
        beta1_t = beta1 * lam ** (t - 1)
        m = beta1_t * m + (1 - beta1_t) * g_t
        v = beta2 * v + (1 - beta2) * g_t**2
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if corrected else (1.0, 1.0)
        if efficient:
            theta -= alpha * math.sqrt(c2) / c1 * m / (math.sqrt(v) + eps)
        else:
            theta -= alpha * (m / c1) / (math.sqrt(v / c2) + eps)
        places.append(theta)
    return places


@pytest.mark.parametrize("efficient", [False, True])
@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("lam", [1.0, 0.99, 1 - 1e-8])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.0, 0.99), (0.5, 0.0), (0.0, 0.0)])
def test_adam_reads_as_its_box(
    efficient: bool, corrected: bool, lam: float, beta1: float, beta2: float
) -> None:
    rule = Adam(
        alpha=0.01,
        beta1=beta1,
        beta2=beta2,
        eps=1e-3,
        bias_correction=corrected,
        eps_form=EpsForm.efficient if efficient else EpsForm.algorithm1,
        beta1_decay=lam,
    )
    g = noisy(100, seed=1)
    expected = adam_box(
        g.tolist(),
        alpha=0.01,
        beta1=beta1,
        beta2=beta2,
        eps=1e-3,
        lam=lam,
        corrected=corrected,
        efficient=efficient,
    )
    assert walk([rule], g)[1:].tolist() == pytest.approx(expected, rel=1e-12)


def test_eps_forms_are_one_method_without_eps_or_correction() -> None:
    g = noisy(50, 9)
    for settings in ({"eps": 0.0}, {"eps": 1e-2, "bias_correction": False}):
        one, other = (walk([Adam(eps_form=form, **settings)], g) for form in EpsForm)
        torch.testing.assert_close(one, other, rtol=1e-13, atol=0)


def test_beta1_decay_ends_in_rmsprop() -> None:
    """beta1_t = beta1 lambda^(t-1) vanishes: after long, a step is alpha g / sqrt(v_hat)."""
    g = noisy(300, 9)
    late = walk([Adam(beta1_decay=0.8)], g).diff(dim=0)[-1]
    plain = walk([Adam(beta1=0.0)], g).diff(dim=0)[-1]
    torch.testing.assert_close(late, plain, rtol=1e-9, atol=1e-18)


@given(decay=betas, eps=st.floats(0, 1e-2), alpha=st.floats(1e-5, 1))
def test_uncorrected_adam_at_beta1_0_is_rmsprop(decay: float, eps: float, alpha: float) -> None:
    g = noisy(60, 6)
    adam = Adam(alpha=alpha, beta1=0.0, beta2=decay, eps=eps, bias_correction=False)
    rmsprop = RMSProp(alpha=alpha, decay=decay, eps=eps)
    torch.testing.assert_close(walk([adam], g), walk([rmsprop], g), rtol=1e-13, atol=0)


def test_adagrad_is_the_limit_of_adam() -> None:
    """Section 5: beta1 = 0, 1 - beta2 -> 0, alpha/sqrt(t); the gap closes in step with 1-beta2."""
    g, schedule = noisy(100, 8), Schedule(decay=Decay.sqrt)
    adagrad = walk([AdaGrad(alpha=0.1)], g)

    def gap(rest: float) -> float:
        adam = Adam(alpha=0.1, beta1=0.0, beta2=1 - rest, eps=0.0)
        away = walk([adam], g, schedule=schedule) - adagrad
        return float(away.abs().max())

    assert gap(1e-8) < 1e-6
    assert gap(1e-4) / gap(1e-6) == pytest.approx(100, rel=0.2)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.parametrize(
    "rule",
    [
        Adam(eps=0.0),
        Adam(eps=0.0, bias_correction=False),
        Adam(eps=0.0, eps_form=EpsForm.efficient),
        AdaMax(),
        AdaGrad(eps=0.0),
        RMSProp(eps=0.0, momentum=0.5),
    ],
    ids=lambda rule: rule.name,
)
def test_gradient_scale_cancels(rule: Adam, scale: float) -> None:
    """Section 2.1: (c m) / sqrt(c^2 v) = m / sqrt(v); the two scales span 12 orders."""
    g = noisy(100, 8)
    assert_same_walk(walk([rule], scale * g), walk([rule], g))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@given(beta1=betas, beta2=betas, g=st.floats(1e-6, 1e6), alpha=st.floats(1e-5, 1))
def test_corrected_adam_steps_by_alpha_where_the_gradient_is_constant(
    dtype: torch.dtype, beta1: float, beta2: float, g: float, alpha: float
) -> None:
    """m_hat = g and v_hat = g^2 from the first step on (section 3).

    In float32 this holds only if 1 - beta2^t is taken in double: at beta2 = 0.9999 the first step
    would be off by 9e-5.
    """
    rule = Adam(alpha=alpha, beta1=beta1, beta2=beta2, eps=0.0)
    steps = walk([rule], torch.full((5, 1), g, dtype=dtype), start=torch.zeros(1, 1, dtype=dtype))
    exact = -alpha * torch.arange(6, dtype=dtype).view(6, 1)
    rtol = 1e-9 if dtype is torch.float64 else 3e-6
    torch.testing.assert_close(steps, exact, rtol=rtol, atol=0)


@given(beta2=betas, g=st.floats(1e-100, 1e100), alpha=st.floats(1e-5, 1))
def test_first_uncorrected_step(beta2: float, g: float, alpha: float) -> None:
    rule = Adam(alpha=alpha, beta1=0.0, beta2=beta2, eps=0.0, bias_correction=False)
    step = walk([rule], torch.tensor([[g], [-g]], dtype=torch.float64).T)[1].abs()
    torch.testing.assert_close(step, torch.full_like(step, alpha / math.sqrt(1 - beta2)))


@given(beta1=betas, beta2=st.floats(0.5, 0.9999), seed=st.integers(0, 99))
def test_adamax_step_bound(beta1: float, beta2: float, seed: int) -> None:
    """Section 7.1's |step| <= alpha, with the factor it leaves out.

    u_t >= beta2^(t-i) |g_i|, so m_hat / u_t <= sum_i w_i beta2^-(t-i), w the weights of m_hat:
    1 as beta2 -> 1, a little more below.
    """
    alpha, steps = 0.3, 40
    g = noisy(steps, 50, seed=seed)
    taken = walk([AdaMax(alpha=alpha, beta1=beta1, beta2=beta2)], g).diff(dim=0).abs()
    for t in range(1, steps + 1):
        factor = sum((1 - beta1) * (beta1 / beta2) ** k for k in range(t)) / (1 - beta1**t)
        assert taken[t - 1].max() <= alpha * factor * (1 + 1e-9)


def test_adamax_step_is_at_most_alpha_unless_gradients_shrink() -> None:
    alpha, rising = 0.3, noisy(100, 50).abs().cumsum(0)
    rising *= torch.randn_like(rising).sign()
    step = walk([AdaMax(alpha=alpha)], rising).diff(dim=0).abs()
    assert step.max() <= alpha * (1 + 1e-12)
    # the printed bound is not strict: |g_t| falling as beta2^t passes it, here by 0.9 %
    shrinking = (0.999 ** torch.arange(300, dtype=torch.float64)).view(-1, 1)
    step = walk([AdaMax(alpha=alpha)], shrinking).diff(dim=0).abs()
    assert alpha * 1.008 < step.max() < alpha * 1.01


def test_lookahead_is_sutskevers_recursion() -> None:
    """theta and v of Sutskever et al. 2013 (eq. 3-4), under decay: we keep theta + mu v."""
    mu, alpha = 0.9, 0.05

    def gradient(theta: Tensor) -> Tensor:
        return torch.tensor([3.0, 0.1], dtype=torch.float64) * theta

    theta, v = torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    phi = theta.clone()
    gradients, expected = [], []
    for t in range(1, 60):
        gradients.append(gradient(theta + mu * v))
        v = mu * v - alpha / math.sqrt(t) * gradients[-1]
        theta = theta + v
        expected.append(theta + mu * v)
    ours = walk(
        [SGD(alpha=alpha, momentum=mu, form=VelocityForm.lookahead)],
        torch.stack(gradients),
        start=phi[None],
        schedule=Schedule(decay=Decay.sqrt),
    )
    torch.testing.assert_close(ours[1:], torch.stack(expected), rtol=1e-12, atol=1e-15)
