"""AdaDelta (Zeiler 2012, Algorithm 1)."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import decay_rate, positive, step_size
from adamrepro.optim.rule import Hyper, Rule


class AdaDeltaState(NamedTuple):
    """Running means of squared gradients and of squared steps, like the parameter."""

    g2: Tensor
    dx2: Tensor


class AdaDeltaCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    rho: Tensor
    rest: Tensor  # 1 - rho
    eps: Tensor


@dataclass(kw_only=True)
class AdaDelta(Rule):
    """AdaDelta (Zeiler 2012).

    E[g^2]_t = rho E[g^2]_{t-1} + (1 - rho) g_t^2
    dx_t = -RMS[dx]_{t-1} / RMS[g]_t g_t           RMS[y]_t = sqrt(E[y^2]_t + eps)
    E[dx^2]_t = rho E[dx^2]_{t-1} + (1 - rho) dx_t^2
    x_{t+1} = x_t + alpha dx_t                     (alpha = 1 in the publication)
    """

    name: str = "adadelta"
    alpha: float = step_size(1.0)
    rho: float = decay_rate(0.95)
    eps: float = positive(1e-6)

    State = AdaDeltaState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdaDeltaCoefficients:
        return AdaDeltaCoefficients(h.alpha, h.rho, 1 - h.rho, h.eps)

    @staticmethod
    def step(g: Tensor, s: AdaDeltaState, c: AdaDeltaCoefficients) -> tuple[Tensor, AdaDeltaState]:
        g2 = c.rho * s.g2 + c.rest * g * g
        dx = -(s.dx2 + c.eps).sqrt() / (g2 + c.eps).sqrt() * g
        dx2 = c.rho * s.dx2 + c.rest * dx * dx
        return c.alpha * dx, AdaDeltaState(g2, dx2)
