"""AdamW: Adam with decoupled weight decay."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Parameter, Rule, ratio


class AdamWCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t)
    unbias2: Tensor  # 1 / (1 - beta2^t)
    eps: Tensor
    weight_decay: Tensor


@dataclass(kw_only=True)
class AdamW(Rule):
    """Algorithm 2 of Loshchilov & Hutter (2019, arXiv 1711.05101).

        m_t, v_t, m_hat, v_hat as in Adam (Algorithm 1 of the paper)
        theta_t = theta_{t-1} - alpha_t (m_hat / (sqrt(v_hat) + eps) + lambda theta_{t-1})

    weight_decay: lambda. As in torch.optim.AdamW the decay is multiplied by the whole alpha_t (the
    publication: by its schedule alone); as with `training.l2`, biases do not decay.
    """

    name: str = "adamw"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    weight_decay: float = not_negative(0.01)

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdamWCoefficients:
        unbias1, unbias2 = 1 / (1 - h.beta1**t), 1 / (1 - h.beta2**t)
        return AdamWCoefficients(
            h.alpha,
            h.beta1,
            1 - h.beta1,
            h.beta2,
            1 - h.beta2,
            unbias1,
            unbias2,
            h.eps,
            h.weight_decay,
        )

    @classmethod
    def step_of(
        cls, p: Parameter, g: Tensor, s: AdamState, c: AdamWCoefficients
    ) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_hat = m * c.unbias1
        v_hat = v * c.unbias2
        rescaled = ratio(m_hat, v_hat.sqrt() + c.eps)
        return -c.alpha * (rescaled + p.decay(c.weight_decay)), AdamState(m, v)
