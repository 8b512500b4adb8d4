"""AMSGrad: Adam with the largest second moment estimate so far."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio


class Maximum(Enum):
    """What the maximum is taken of: v_t, corrected afterwards, or the corrected v_hat_t."""

    before_correction = "before_correction"
    after_correction = "after_correction"


class AMSGradState(NamedTuple):
    """First and second raw moment estimates and the maximum, like the parameter."""

    m: Tensor
    v: Tensor
    largest: Tensor


class AMSGradCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t), or 1
    inside: Tensor  # correction of v inside the maximum
    outside: Tensor  # and outside of it
    eps: Tensor


@dataclass(kw_only=True)
class AMSGrad(Rule):
    """AMSGrad (Reddi, Kale & Kumar 2018, arXiv 1904.09237, Algorithm 2).

        m_t, v_t as in Adam          vmax_t = max(vmax_{t-1}, v_t)
        theta_t = theta_{t-1} - alpha m_t / sqrt(vmax_t)

    That is bias_correction off and eps 0. What others call AMSGrad corrects both moments:

        before_correction   vmax_t = max(vmax_{t-1}, v_t), then vmax_t / (1 - beta2^t); torch's form
        after_correction    vmax_t = max(vmax_{t-1}, v_t / (1 - beta2^t)); optax's form

    They differ while 1 - beta2^t grows: the second remembers the rescaled squares of the first
    steps for ever. eps is added to the root.
    """

    name: str = "amsgrad"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    bias_correction: bool = True
    maximum: Maximum = Maximum.before_correction

    State = AMSGradState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AMSGradCoefficients:
        unbias1 = 1 / (1 - h.bias_correction * h.beta1**t)
        unbias2 = 1 / (1 - h.bias_correction * h.beta2**t)
        one = torch.ones_like(unbias2)
        before = h.maximum is Maximum.before_correction
        inside, outside = (one, unbias2) if before else (unbias2, one)
        return AMSGradCoefficients(
            h.alpha, h.beta1, 1 - h.beta1, h.beta2, 1 - h.beta2, unbias1, inside, outside, h.eps
        )

    @staticmethod
    def step(g: Tensor, s: AMSGradState, c: AMSGradCoefficients) -> tuple[Tensor, AMSGradState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        largest = torch.maximum(s.largest, v * c.inside)
        m_hat = m * c.unbias1
        v_hat = largest * c.outside
        return -c.alpha * ratio(m_hat, v_hat.sqrt() + c.eps), AMSGradState(m, v, largest)
