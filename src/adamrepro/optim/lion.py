"""Lion: the sign of an interpolated momentum."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Parameter, Rule


class LionState(NamedTuple):
    """Running mean of gradients, like the parameter."""

    m: Tensor


class LionCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    weight_decay: Tensor


@dataclass(kw_only=True)
class Lion(Rule):
    """Lion (Chen et al. 2023, arXiv 2302.06675, Algorithm 2).

        c_t = beta1 m_{t-1} + (1 - beta1) g_t
        theta_t = theta_{t-1} - alpha (sign(c_t) + lambda theta_{t-1})
        m_t = beta2 m_{t-1} + (1 - beta2) g_t

    weight_decay: lambda, of weights alone. The publication's alpha is 3 to 10 times smaller than
    Adam's, its lambda as many times larger.
    """

    name: str = "lion"
    alpha: float = step_size(1e-4)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.99)
    weight_decay: float = not_negative(0.0)

    State = LionState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> LionCoefficients:
        return LionCoefficients(h.alpha, h.beta1, 1 - h.beta1, h.beta2, 1 - h.beta2, h.weight_decay)

    @classmethod
    def step_of(
        cls, p: Parameter, g: Tensor, s: LionState, c: LionCoefficients
    ) -> tuple[Tensor, LionState]:
        direction = (c.beta1 * s.m + c.rest1 * g).sign()
        m = c.beta2 * s.m + c.rest2 * g
        return -c.alpha * (direction + p.decay(c.weight_decay)), LionState(m)
