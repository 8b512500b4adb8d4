"""Schedule-free AdamW: an average of iterates in the place of a step size schedule."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Parameter, Rule, column, ratio


class ScheduleFreeState(NamedTuple):
    """Second raw moment estimate and z - x, like the parameter; sum of squared steps, [R, 1, ...].

    z - x starts at 0 whatever theta is, and says where x and z are: y = x + (1 - beta1) (z - x).
    """

    v: Tensor
    z_x: Tensor
    total: Tensor


class ScheduleFreeCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias2: Tensor  # 1 / (1 - beta2^t)
    eps: Tensor
    weight_decay: Tensor


@dataclass(kw_only=True)
class ScheduleFree(Rule):
    """Schedule-free AdamW (Defazio et al. 2024, arXiv 2405.15682, Algorithm 1).

        y_t = (1 - beta1) z_t + beta1 x_t           g_t is taken at y_t; v_hat as in Adam
        z_{t+1} = z_t - alpha_t (g_t / (sqrt(v_hat) + eps) + lambda y_t)
        x_{t+1} = (1 - c_t) x_t + c_t z_{t+1}       c_t = alpha_t^2 / sum_{i<=t} alpha_i^2

    theta is y, so minibatch costs are of y; clean costs are evaluated at x, the average, as the
    publication wants it. v is corrected in v_hat, as in the authors' package (the publication puts
    sqrt(1 - beta2^t) into alpha_t). Use it with schedule=constant, and warm-up if any.
    weight_decay: lambda, of weights alone.
    """

    name: str = "schedule_free"
    alpha: float = step_size(2.5e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    weight_decay: float = not_negative(0.0)

    State = ScheduleFreeState

    @classmethod
    def start(cls, p: Parameter) -> ScheduleFreeState:
        zero = torch.zeros_like(p.theta)
        return ScheduleFreeState(
            v=zero, z_x=zero.clone(), total=column(zero.new_zeros(len(zero)), zero)
        )

    @staticmethod
    def coefficients(h: Hyper, t: int) -> ScheduleFreeCoefficients:
        unbias2 = 1 / (1 - h.beta2**t)
        return ScheduleFreeCoefficients(
            h.alpha, 1 - h.beta1, h.beta2, 1 - h.beta2, unbias2, h.eps, h.weight_decay
        )

    @classmethod
    def step_of(
        cls, p: Parameter, g: Tensor, s: ScheduleFreeState, c: ScheduleFreeCoefficients
    ) -> tuple[Tensor, ScheduleFreeState]:
        v = c.beta2 * s.v + c.rest2 * g * g
        v_hat = v * c.unbias2
        z_step = -c.alpha * (ratio(g, v_hat.sqrt() + c.eps) + p.decay(c.weight_decay))
        total = s.total + c.alpha**2
        x_step = c.alpha**2 / total * (s.z_x + z_step)
        z_x = s.z_x + z_step - x_step
        y_step = x_step + c.rest1 * (z_x - s.z_x)
        return y_step, ScheduleFreeState(v, z_x, total)

    @staticmethod
    def place(theta: Tensor, s: ScheduleFreeState, h: Hyper) -> Tensor:
        """Return x [R, ...]."""
        return theta - column(1 - h.beta1, theta) * s.z_x
