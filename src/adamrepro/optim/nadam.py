"""NAdam: Adam with Nesterov's momentum."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio

FADE = 0.96
"""mu_t nears beta1 as FADE^(psi t) vanishes (Dozat 2016)."""

TERMS = 64
"""Terms of a series that falls at least as 2^-k: exact in double precision."""


class NAdamCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    direct: Tensor  # weight of g: (1 - mu_t) / (1 - mu_1 ... mu_t)
    ahead: Tensor  # weight of m: mu_{t+1} / (1 - mu_1 ... mu_{t+1})
    unbias2: Tensor  # 1 / (1 - beta2^t)
    eps: Tensor


@dataclass(kw_only=True)
class NAdam(Rule):
    """NAdam (Dozat 2016, "Incorporating Nesterov momentum into Adam"), as torch.optim.NAdam.

        mu_t = beta1 (1 - 0.96^(psi t) / 2)              m_t, v_t, v_hat as in Adam
        m_bar = mu_{t+1} m_t / (1 - mu_1 ... mu_{t+1}) + (1 - mu_t) g_t / (1 - mu_1 ... mu_t)
        theta_t = theta_{t-1} - alpha m_bar / (sqrt(v_hat) + eps)

    momentum_decay: psi, how fast mu rises from beta1 / 2 to beta1.
    """

    name: str = "nadam"
    alpha: float = step_size(2e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    momentum_decay: float = not_negative(4e-3)

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> NAdamCoefficients:
        now, following = momentum(h, t), momentum(h, t + 1)
        direct = (1 - now) / (1 - momentum_product(h, t))
        ahead = following / (1 - momentum_product(h, t + 1))
        unbias2 = 1 / (1 - h.beta2**t)
        return NAdamCoefficients(
            h.alpha, h.beta1, 1 - h.beta1, h.beta2, 1 - h.beta2, direct, ahead, unbias2, h.eps
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: NAdamCoefficients) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_bar = c.ahead * m + c.direct * g
        v_hat = v * c.unbias2
        return -c.alpha * ratio(m_bar, v_hat.sqrt() + c.eps), AdamState(m, v)


def momentum(h: Hyper, t: int) -> Tensor:
    """Return mu_t [R]."""
    mu: Tensor = h.beta1 * (1 - 0.5 * FADE ** (h.momentum_decay * t))
    return mu


def momentum_product(h: Hyper, t: int) -> Tensor:
    """Return mu_1 ... mu_t [R], in closed form: no state, and no loop over the steps.

    With q = 0.96^psi, log prod_i (1 - q^i / 2) = -sum_k 2^-k / k sum_i q^(ki), a geometric series
    in i.
    """
    k = torch.arange(1, TERMS + 1, dtype=h.beta1.dtype, device=h.beta1.device)
    log_q = h.momentum_decay.unsqueeze(1) * math.log(FADE)  # [R, 1]
    once, all_of_them = torch.expm1(k * log_q), torch.expm1(k * log_q * t)
    powers = torch.where(once == 0, float(t), torch.exp(k * log_q) * all_of_them / once)
    product: Tensor = h.beta1**t * torch.exp(-(0.5**k / k * powers).sum(1))
    return product
