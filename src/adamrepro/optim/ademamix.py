"""AdEMAMix: Adam with a second, much slower running mean of gradients."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Parameter, Rule, ratio


class AdEMAMixState(NamedTuple):
    """Fast and slow first moment estimates, and the second one, like the parameter."""

    m1: Tensor
    m2: Tensor
    v: Tensor


class AdEMAMixCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    beta3: Tensor  # beta3_t
    rest3: Tensor  # 1 - beta3_t
    unbias1: Tensor  # 1 / (1 - beta1^t)
    unbias2: Tensor  # 1 / (1 - beta2^t)
    mix: Tensor  # mix_t
    eps: Tensor
    weight_decay: Tensor


@dataclass(kw_only=True)
class AdEMAMix(Rule):
    """AdEMAMix (Pagliardini, Ablin & Grangier 2024, arXiv 2409.03137, Algorithm 1).

        m1_t = beta1 m1_{t-1} + (1 - beta1) g_t        m1_hat = m1_t / (1 - beta1^t)
        m2_t = beta3_t m2_{t-1} + (1 - beta3_t) g_t    v_t, v_hat as in Adam
        theta_t = theta_{t-1}
                  - alpha ((m1_hat + mix_t m2_t) / (sqrt(v_hat) + eps) + lambda theta_{t-1})

    mix: the publication's alpha, the weight of the slow mean; 0 gives AdamW.
    warmup: T, the steps in which mix_t rises to mix linearly, and beta3_t from beta1 to beta3 so
    that its half-life does; 0 is off. The publication takes the whole training.
    weight_decay: lambda, of weights alone.
    """

    name: str = "ademamix"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    beta3: float = decay_rate(0.9999)
    mix: float = not_negative(5.0)
    warmup: float = not_negative(0.0)
    eps: float = not_negative(1e-8)
    weight_decay: float = not_negative(0.0)

    State = AdEMAMixState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdEMAMixCoefficients:
        risen = torch.where(t < h.warmup, t / h.warmup, 1.0)
        beta3 = between(h.beta1, h.beta3, risen)
        return AdEMAMixCoefficients(
            h.alpha,
            h.beta1,
            1 - h.beta1,
            h.beta2,
            1 - h.beta2,
            beta3,
            1 - beta3,
            1 / (1 - h.beta1**t),
            1 / (1 - h.beta2**t),
            h.mix * risen,
            h.eps,
            h.weight_decay,
        )

    @classmethod
    def step_of(
        cls, p: Parameter, g: Tensor, s: AdEMAMixState, c: AdEMAMixCoefficients
    ) -> tuple[Tensor, AdEMAMixState]:
        m1 = c.beta1 * s.m1 + c.rest1 * g
        m2 = c.beta3 * s.m2 + c.rest3 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m1_hat = m1 * c.unbias1
        v_hat = v * c.unbias2
        rescaled = ratio(m1_hat + c.mix * m2, v_hat.sqrt() + c.eps)
        return -c.alpha * (rescaled + p.decay(c.weight_decay)), AdEMAMixState(m1, m2, v)


def between(beta1: Tensor, beta3: Tensor, risen: Tensor) -> Tensor:
    """Return beta3_t [R]: log beta1 log beta3 / ((1 - risen) log beta3 + risen log beta1), as exp.

    Both sides divided by log beta1, which may be -inf. Never above beta3, as in the publication.
    """
    smallest = torch.finfo(beta3.dtype).tiny
    log1, log3 = beta1.log(), beta3.clamp(min=smallest).log()
    slope = torch.where(risen < 1, (1 - risen) * log3 / log1, 0.0) + risen
    return torch.minimum(torch.exp(log3 / slope), beta3)
