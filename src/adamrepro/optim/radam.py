"""RAdam: Adam with a rectified step size."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import Range, decay_rate, not_negative, number, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio

TRACTABLE = Range(4, float("inf"), "a number, 4 or above", high_open=True)


class RAdamCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t)
    is_rectified: Tensor  # 1 where rho_t is large enough, else 0
    rectify: Tensor  # r_t sqrt(1 - beta2^t)
    eps: Tensor


@dataclass(kw_only=True)
class RAdam(Rule):
    """Algorithm 2 of Liu et al. (2020, arXiv 1908.03265).

        m_t, v_t, m_hat as in Adam
        rho_inf = 2 / (1 - beta2) - 1          rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t)
        r_t^2 = (rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t)
        theta_t = theta_{t-1} - alpha r_t m_hat sqrt(1 - beta2^t) / (sqrt(v_t) + eps)   rho_t > 4
        theta_t = theta_{t-1} - alpha m_hat                                             else

    rho_above: how large rho_t has to be; 4 in the publication, 5 in its authors' code and in
    torch.optim.RAdam. eps stands where they add it; the publication has none.
    """

    name: str = "radam"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    rho_above: float = number(4.0, TRACTABLE)

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> RAdamCoefficients:
        rho_inf = 2 / (1 - h.beta2) - 1
        rho = rho_inf - 2 * t * h.beta2**t / (1 - h.beta2**t)
        is_rectified = rho > h.rho_above
        square = ((rho - 4) * (rho - 2) * rho_inf) / ((rho_inf - 4) * (rho_inf - 2) * rho)
        rectify = (torch.where(is_rectified, square, 0.0) * (1 - h.beta2**t)).sqrt()
        return RAdamCoefficients(
            h.alpha,
            h.beta1,
            1 - h.beta1,
            h.beta2,
            1 - h.beta2,
            1 / (1 - h.beta1**t),
            is_rectified.to(rho.dtype),
            rectify,
            h.eps,
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: RAdamCoefficients) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_hat = m * c.unbias1
        rectified = c.rectify * ratio(m_hat, v.sqrt() + c.eps)
        return -c.alpha * torch.where(c.is_rectified > 0, rectified, m_hat), AdamState(m, v)
