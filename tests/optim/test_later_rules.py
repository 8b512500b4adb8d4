"""The rules that came after Adam, each against its publication in plain numbers."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import pytest
import torch
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import (
    ADOPT,
    AdamAtan2,
    AdEMAMix,
    AMSGrad,
    CautiousAdam,
    Lion,
    Maximum,
    NAdam,
    RAdam,
    Rule,
    Signum,
)
from adamrepro.optim.nadam import momentum_product
from adamrepro.optim.rule import stack

STEPS = 200
Steps = Iterator[float]
Oracle = Callable[[Sequence[float]], Steps]


def moments(
    g: Sequence[float], beta1: float, beta2: float
) -> Iterator[tuple[int, float, float, float]]:
    """t, g_t, m_t and v_t of Adam."""
    m = v = 0.0
    for t, g_t in enumerate(g, start=1):
        m, v = beta1 * m + (1 - beta1) * g_t, beta2 * v + (1 - beta2) * g_t**2
        yield t, g_t, m, v


def amsgrad_as_published(g: Sequence[float]) -> Steps:
    """Reddi et al., Algorithm 2: neither correction nor eps."""
    largest = 0.0
    for _, _, m, v in moments(g, 0.9, 0.9):
        largest = max(largest, v)
        yield -0.01 * m / math.sqrt(largest)


def amsgrad_of_corrected(g: Sequence[float]) -> Steps:
    largest = 0.0
    for t, _, m, v in moments(g, 0.9, 0.9):
        largest = max(largest, v / (1 - 0.9**t))
        yield -0.01 * m / (1 - 0.9**t) / (math.sqrt(largest) + 1e-3)


def radam_as_published(g: Sequence[float]) -> Steps:
    """Liu et al., Algorithm 2, line by line, eps left out."""
    rho_inf = 2 / (1 - 0.99) - 1
    for t, _, m, v in moments(g, 0.9, 0.99):
        m_hat = m / (1 - 0.9**t)
        rho = rho_inf - 2 * t * 0.99**t / (1 - 0.99**t)
        if rho > 4:
            length = math.sqrt((1 - 0.99**t) / v)
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            yield -0.01 * r * m_hat * length
        else:
            yield -0.01 * m_hat


def sign(number: float) -> float:
    return math.copysign(1.0, number) if number else 0.0


def lion(g: Sequence[float]) -> Steps:
    m = theta = 0.0
    for g_t in g:
        update = sign(0.8 * m + 0.2 * g_t)
        step = -0.01 * (update + 0.5 * theta)
        theta += step
        yield step
        m = 0.95 * m + 0.05 * g_t


def signum(g: Sequence[float]) -> Steps:
    for _, _, m, _ in moments(g, 0.7, 0.0):
        yield -0.01 * sign(m)


def adopt(g: Sequence[float], clipped: bool = True) -> Steps:
    """Taniguchi et al.: v_0 = g_0^2 and no step, then the loop; unclipped, m_1 is whole."""
    m, v = 0.0, g[0] ** 2
    yield 0.0
    for t, g_t in enumerate(g[1:], start=1):
        rescaled = g_t / max(math.sqrt(v), 1e-2)
        if clipped:
            rescaled = max(-(t**0.25), min(t**0.25, rescaled))
        m = 0.8 * m + 0.2 * rescaled if clipped or t > 1 else rescaled
        yield -0.01 * m
        v = 0.9 * v + 0.1 * g_t**2


def ademamix(g: Sequence[float]) -> Steps:
    """Pagliardini et al., Algorithm 1 with both schedules over 50 steps."""
    beta1, beta3, mix, warmup = 0.8, 0.99, 4.0, 50
    slow = theta = 0.0
    for t, g_t, m, v in moments(g, beta1, 0.9):
        mix_t, beta3_t = mix, beta3
        if t < warmup:
            mix_t = mix * t / warmup
            log1, log3, share = math.log(beta1), math.log(beta3), t / warmup
            beta3_t = min(math.exp(log1 * log3 / ((1 - share) * log3 + share * log1)), beta3)
        slow = beta3_t * slow + (1 - beta3_t) * g_t
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - 0.9**t)
        step = -0.01 * ((m_hat + mix_t * slow) / (math.sqrt(v_hat) + 1e-3) + 0.5 * theta)
        theta += step
        yield step


def adam_atan2(g: Sequence[float]) -> Steps:
    for t, _, m, v in moments(g, 0.8, 0.9):
        angle = math.atan2(m / (1 - 0.8**t), math.sqrt(v / (1 - 0.9**t)))
        yield -0.01 * angle / math.atan(1)


def nadam_with_products(g: Sequence[float]) -> Steps:
    product = 1.0
    for t, g_t, m, v in moments(g, 0.9, 0.9):
        mu, ahead = (0.9 * (1 - 0.5 * 0.96 ** (0.2 * i)) for i in (t, t + 1))
        product *= mu
        m_bar = ahead * m / (1 - product * ahead) + (1 - mu) * g_t / (1 - product)
        yield -0.01 * m_bar / (math.sqrt(v / (1 - 0.9**t)) + 1e-3)


BETAS = {"alpha": 0.01, "beta1": 0.9, "beta2": 0.9}

PUBLISHED: dict[str, tuple[Rule, Oracle]] = {
    "amsgrad": (AMSGrad(**BETAS, eps=0.0, bias_correction=False), amsgrad_as_published),
    "amsgrad of v_hat": (
        AMSGrad(**BETAS, eps=1e-3, maximum=Maximum.after_correction),
        amsgrad_of_corrected,
    ),
    "radam": (RAdam(alpha=0.01, beta2=0.99, eps=0.0), radam_as_published),
    "lion": (Lion(alpha=0.01, beta1=0.8, beta2=0.95, weight_decay=0.5), lion),
    "signum": (Signum(alpha=0.01, beta1=0.7), signum),
    "adopt": (ADOPT(alpha=0.01, beta1=0.8, beta2=0.9, eps=1e-2), adopt),
    "adopt without clipping": (
        ADOPT(alpha=0.01, beta1=0.8, beta2=0.9, eps=1e-2, clipped=False),
        partial(adopt, clipped=False),
    ),
    "ademamix": (
        AdEMAMix(
            alpha=0.01,
            beta1=0.8,
            beta2=0.9,
            beta3=0.99,
            mix=4.0,
            warmup=50,
            eps=1e-3,
            weight_decay=0.5,
        ),
        ademamix,
    ),
    "adam_atan2": (AdamAtan2(alpha=0.01, beta1=0.8, beta2=0.9), adam_atan2),
    "nadam": (NAdam(**BETAS, eps=1e-3, momentum_decay=0.2), nadam_with_products),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_reads_as_its_publication(name: str) -> None:
    rule, oracle = PUBLISHED[name]
    gradients = noisy(STEPS, 6)
    gradients[0] = gradients[0].abs() + 1e-3  # no 0/0 where there is no eps
    columns = [
        torch.tensor(list(oracle(column)), dtype=torch.float64) for column in gradients.T.tolist()
    ]
    steps = torch.stack(columns, 1)
    expected = torch.cat([torch.zeros_like(steps[:1]), steps.cumsum(0)])
    ours = walk([rule], gradients, outputs=2)
    assert_same_walk(ours, expected)


@pytest.mark.parametrize("psi", [0.0, 4e-3, 0.5])
def test_the_product_of_momenta_has_a_closed_form(psi: float) -> None:
    h = stack([NAdam(beta1=beta1, momentum_decay=psi) for beta1 in (0.0, 0.9, 0.9999)])
    product = torch.ones(3, dtype=torch.float64)
    for t in range(1, 300):
        product *= h.beta1 * (1 - 0.5 * 0.96 ** (psi * t))
        torch.testing.assert_close(momentum_product(h, t), product, rtol=1e-13, atol=0)


def test_cautious_adam_reads_as_its_publication() -> None:
    """Liang et al., Algorithm 1: one count for each parameter."""
    gradients = noisy(STEPS, 7)
    adam = [list(moments(column, 0.9, 0.999)) for column in gradients.T.tolist()]
    places = [[0.0] * 7]
    for t in range(1, STEPS + 1):
        u, phi = [], []
        for _, g_t, m, v in (entry[t - 1] for entry in adam):
            v_hat = v / (1 - 0.999**t)
            u.append(m / (1 - 0.9**t) / (math.sqrt(v_hat) + 1e-8))
            phi.append(1.0 if u[-1] * g_t > 0 else 0.0)
        share = 7 / (sum(phi) + 1)
        steps = (-0.01 * share * p * each for p, each in zip(phi, u, strict=True))
        places.append([place + step for place, step in zip(places[-1], steps, strict=True)])
    expected = torch.tensor(places, dtype=torch.float64)
    assert_same_walk(walk([CautiousAdam(alpha=0.01)], gradients), expected)


def test_radam_changes_over_when_the_variance_becomes_tractable() -> None:
    """A constant gradient g makes unrectified steps -alpha g, rectified ones far smaller."""
    g = torch.full((20, 1), 1e3, dtype=torch.float64)
    steps = walk([RAdam(alpha=1.0)], g).diff(dim=0).squeeze(1)
    torch.testing.assert_close(steps[:4], -g[:4, 0], rtol=1e-12, atol=0)
    assert (steps[4:].abs() < 1).all()
    assert all(abs(later) > abs(before) for before, later in pairwise(steps[4:].tolist()))
