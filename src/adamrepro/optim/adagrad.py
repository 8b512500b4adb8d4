"""AdaGrad (Duchi et al. 2011), as section 5 of the paper writes it."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio


class AdaGradState(NamedTuple):
    """Sum of squared gradients, like the parameter."""

    total: Tensor


class AdaGradCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    eps: Tensor


@dataclass(kw_only=True)
class AdaGrad(Rule):
    """AdaGrad, section 5: theta_{t+1} = theta_t - alpha g_t / sqrt(sum_{i<=t} g_i^2).

    The accumulator starts at 0. eps is added to the root; the paper writes none (0).
    """

    name: str = "adagrad"
    alpha: float = step_size(1e-2)
    eps: float = not_negative(0.0)

    State = AdaGradState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdaGradCoefficients:
        return AdaGradCoefficients(h.alpha, h.eps)

    @staticmethod
    def step(g: Tensor, s: AdaGradState, c: AdaGradCoefficients) -> tuple[Tensor, AdaGradState]:
        total = s.total + g * g
        return -c.alpha * ratio(g, total.sqrt() + c.eps), AdaGradState(total)
