"""Gradient descent with momentum, classical or Nesterov's (Sutskever et al. 2013)."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.ranges import decay_rate, step_size
from adamrepro.optim.rule import Hyper, Rule


class VelocityForm(Enum):
    """What the velocity gathers; the two differ as soon as alpha changes with t."""

    lookahead = "lookahead"
    rearranged = "rearranged"


class SGDState(NamedTuple):
    """Velocity, like the parameter."""

    velocity: Tensor


class SGDCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    momentum: Tensor
    inner: Tensor  # weight of g inside the velocity
    outer: Tensor  # weight of the whole step
    direct: Tensor  # weight of g in the step
    through: Tensor  # weight of the velocity in the step


@dataclass(kw_only=True)
class SGD(Rule):
    """Stochastic gradient descent with (Nesterov) momentum mu.

    `lookahead` is Sutskever's form, v_t = mu v_{t-1} - alpha_t grad(theta_{t-1} + mu v_{t-1}),
    theta_t = theta_{t-1} + v_t. What is stored, evaluated and plotted here is the look-ahead
    point phi_t = theta_t + mu v_t, in which the same recursion reads

        v_t = mu v_{t-1} - alpha_t g_t          phi_t = phi_{t-1} + mu v_t - alpha_t g_t

    `rearranged` is torch.optim.SGD's form: b_t = mu b_{t-1} + g_t,
    theta_t = theta_{t-1} - alpha_t (g_t + mu b_t). At constant alpha they are one method; under
    alpha/sqrt(t) the first keeps old gradients at their old step size, the second does not.
    nesterov: off gives classical momentum, the step is the velocity alone.
    """

    name: str = "sgd"
    alpha: float = step_size(1e-2)
    momentum: float = decay_rate(0.9)
    nesterov: bool = True
    form: VelocityForm = VelocityForm.lookahead

    State = SGDState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> SGDCoefficients:
        one = torch.ones_like(h.alpha)
        inner, outer = (h.alpha, one) if h.form is VelocityForm.lookahead else (one, h.alpha)
        direct = torch.where(h.nesterov > 0, inner, 0.0)
        through = torch.where(h.nesterov > 0, h.momentum, 1.0)
        return SGDCoefficients(h.momentum, inner, outer, direct, through)

    @staticmethod
    def step(g: Tensor, s: SGDState, c: SGDCoefficients) -> tuple[Tensor, SGDState]:
        velocity = c.momentum * s.velocity + c.inner * g
        return -c.outer * (c.direct * g + c.through * velocity), SGDState(velocity)
