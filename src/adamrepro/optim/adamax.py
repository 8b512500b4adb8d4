"""AdaMax: Algorithm 2, Adam under the infinity norm."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, fading, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio


class AdaMaxState(NamedTuple):
    """First moment estimate and exponentially weighted infinity norm, like the parameter."""

    m: Tensor
    u: Tensor


class AdaMaxCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1_t
    beta2: Tensor
    correction1: Tensor  # 1 - beta1^t


@dataclass(kw_only=True)
class AdaMax(Rule):
    """Algorithm 2 of the paper.

        m_t = beta1 m_{t-1} + (1 - beta1) g_t          u_t = max(beta2 u_{t-1}, |g_t|)   (eq. 12)
        theta_t = theta_{t-1} - alpha / (1 - beta1^t) m_t / u_t

    There is no eps and no correction of u. Where g has always been 0 (black border pixels),
    0/0 is a step of 0. beta1_decay: lambda of section 4, 1 is off.
    """

    name: str = "adamax"
    alpha: float = step_size(2e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    beta1_decay: float = fading(1.0)

    State = AdaMaxState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdaMaxCoefficients:
        beta1_t = h.beta1 * h.beta1_decay ** (t - 1)
        return AdaMaxCoefficients(h.alpha, beta1_t, 1 - beta1_t, h.beta2, 1 - h.beta1**t)

    @staticmethod
    def step(g: Tensor, s: AdaMaxState, c: AdaMaxCoefficients) -> tuple[Tensor, AdaMaxState]:
        m = c.beta1 * s.m + c.rest1 * g
        u = torch.maximum(c.beta2 * s.u, g.abs())
        return -(c.alpha / c.correction1) * ratio(m, u), AdaMaxState(m, u)
