"""Signum: the sign of the momentum."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import decay_rate, step_size
from adamrepro.optim.rule import Hyper, Rule


class SignumState(NamedTuple):
    """Running mean of gradients, like the parameter."""

    m: Tensor


class SignumCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1


@dataclass(kw_only=True)
class Signum(Rule):
    """Signum (Bernstein et al. 2018, arXiv 1802.04434, Algorithm 2), signSGD with momentum.

        m_t = beta1 m_{t-1} + (1 - beta1) g_t          theta_t = theta_{t-1} - alpha sign(m_t)

    beta1 0 is signSGD (Algorithm 1).
    """

    name: str = "signum"
    alpha: float = step_size(1e-4)
    beta1: float = decay_rate(0.9)

    State = SignumState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> SignumCoefficients:
        return SignumCoefficients(h.alpha, h.beta1, 1 - h.beta1)

    @staticmethod
    def step(g: Tensor, s: SignumState, c: SignumCoefficients) -> tuple[Tensor, SignumState]:
        m = c.beta1 * s.m + c.rest1 * g
        return -c.alpha * m.sign(), SignumState(m)
