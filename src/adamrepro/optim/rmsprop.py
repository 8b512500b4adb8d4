"""RMSProp (Tieleman & Hinton 2012), with momentum on the step as an option (Graves 2013)."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio


class RMSPropState(NamedTuple):
    """Running mean of squared gradients and the momentum of the step, like the parameter."""

    r: Tensor
    delta: Tensor


class RMSPropCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    decay: Tensor
    rest: Tensor  # 1 - decay
    momentum: Tensor
    eps: Tensor


@dataclass(kw_only=True)
class RMSProp(Rule):
    """RMSProp: a running mean of g^2 in the place of AdaGrad's sum.

        r_t = decay r_{t-1} + (1 - decay) g_t^2
        delta_t = momentum delta_{t-1} - alpha g_t / (sqrt(r_t) + eps)
        theta_t = theta_{t-1} + delta_t

    The momentum gathers rescaled steps, alpha included (Graves 2013, eq. 38-41, without the
    centring); Adam at beta1 = 0 without correction is this rule at momentum = 0.
    """

    name: str = "rmsprop"
    alpha: float = step_size(1e-3)
    decay: float = decay_rate(0.9)
    momentum: float = decay_rate(0.0)
    eps: float = not_negative(1e-8)

    State = RMSPropState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> RMSPropCoefficients:
        return RMSPropCoefficients(h.alpha, h.decay, 1 - h.decay, h.momentum, h.eps)

    @staticmethod
    def step(g: Tensor, s: RMSPropState, c: RMSPropCoefficients) -> tuple[Tensor, RMSPropState]:
        r = c.decay * s.r + c.rest * g * g
        delta = c.momentum * s.delta - c.alpha * ratio(g, r.sqrt() + c.eps)
        return delta, RMSPropState(r, delta)
