"""Adam-atan2: Adam without eps."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import decay_rate, step_size
from adamrepro.optim.rule import Hyper, Rule


class AdamAtan2Coefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t)
    unbias2: Tensor  # 1 / (1 - beta2^t)


@dataclass(kw_only=True)
class AdamAtan2(Rule):
    """Adam-atan2 (Everett et al. 2024, arXiv 2407.05872, appendix), with its a = 4/pi and b = 1.

        m_t, v_t, m_hat, v_hat as in Adam
        theta_t = theta_{t-1} - alpha 4/pi atan2(m_hat, sqrt(v_hat))

    atan2(0, 0) = 0, so there is no eps, and a factor in front of all gradients cancels exactly. A
    step is at most 2 alpha, and alpha, as Adam's, where the gradient is constant: 4/pi atan2(1, 1)
    is 1.
    """

    name: str = "adam_atan2"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdamAtan2Coefficients:
        unbias1, unbias2 = 1 / (1 - h.beta1**t), 1 / (1 - h.beta2**t)
        return AdamAtan2Coefficients(
            h.alpha, h.beta1, 1 - h.beta1, h.beta2, 1 - h.beta2, unbias1, unbias2
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: AdamAtan2Coefficients) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_hat = m * c.unbias1
        v_hat = v * c.unbias2
        return -c.alpha * (4 / math.pi) * torch.atan2(m_hat, v_hat.sqrt()), AdamState(m, v)
