"""ADOPT: Adam that converges with any beta2."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import decay_rate, positive, step_size
from adamrepro.optim.rule import Hyper, Rule

UNCLIPPED = torch.finfo(torch.float32).max


class ADOPTCoefficients(NamedTuple):
    """Factors of step t, each [R]; at t = 1 they leave m and theta alone and set v to g^2."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    bound: Tensor  # of the rescaled gradient
    eps: Tensor


@dataclass(kw_only=True)
class ADOPT(Rule):
    """ADOPT (Taniguchi et al. 2024, arXiv 2411.02853), in its clipped form.

        v_0 = g_0^2, m_0 = 0, no step; then, for t = 1, 2, ...
        m_t = beta1 m_{t-1} + (1 - beta1) clip(g_t / max(sqrt(v_{t-1}), eps), t^(1/4))
        theta_t = theta_{t-1} - alpha m_t
        v_t = beta2 v_{t-1} + (1 - beta2) g_t^2

    The gradient is rescaled by squares that do not know it yet, and before the momentum gathers
    it. clipped: off leaves the clipping out, as the publication did at first, where m_1 was the
    whole rescaled gradient; its authors advise against that where gradients may start near 0.
    """

    name: str = "adopt"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.9999)
    eps: float = positive(1e-6)
    clipped: bool = True

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> ADOPTCoefficients:
        """Return the factors of the publication's step t - 1."""
        running = float(t > 1)
        beta2 = h.beta2 * running
        is_clipped = h.clipped > 0
        bound = torch.where(is_clipped, torch.full_like(beta2, (t - 1) ** 0.25), UNCLIPPED)
        rest1 = torch.where(is_clipped, 1 - h.beta1, 1 - h.beta1 * float(t > 2))
        return ADOPTCoefficients(
            h.alpha,
            h.beta1,
            rest1 * running,
            beta2,
            1 - beta2,
            bound,
            h.eps,
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: ADOPTCoefficients) -> tuple[Tensor, AdamState]:
        rescaled = (g / torch.maximum(s.v.sqrt(), c.eps)).clamp(-c.bound, c.bound)
        m = c.beta1 * s.m + c.rest1 * rescaled
        v = c.beta2 * s.v + c.rest2 * g * g
        return -c.alpha * m, AdamState(m, v)
