"""Adam: Algorithm 1, with its efficient form and its uncorrected form as settings."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from torch import Tensor

from adamrepro.optim.ranges import decay_rate, fading, not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, ratio


class EpsForm(Enum):
    """Where eps is added: to sqrt(v_hat) (Algorithm 1) or to sqrt(v) (end of section 2)."""

    algorithm1 = "algorithm1"
    efficient = "efficient"


class AdamState(NamedTuple):
    """First and second raw moment estimates, like the parameter."""

    m: Tensor
    v: Tensor


class AdamCoefficients(NamedTuple):
    """Factors of step t, each [R]."""

    alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1_t
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t), or 1: a product costs a step less than a quotient
    unbias2: Tensor  # 1 / (1 - beta2^t), or 1
    eps: Tensor


@dataclass(kw_only=True)
class Adam(Rule):
    """Algorithm 1 of the paper.

        m_t = beta1 m_{t-1} + (1 - beta1) g_t          v_t = beta2 v_{t-1} + (1 - beta2) g_t^2
        m_hat = m_t / (1 - beta1^t)                    v_hat = v_t / (1 - beta2^t)
        theta_t = theta_{t-1} - alpha m_hat / (sqrt(v_hat) + eps)

    bias_correction: off leaves both corrections out (section 6.4).
    eps_form: `efficient` adds eps to sqrt(v_t), as the reordered line before section 2.1 does;
        written here as eps / sqrt(1 - beta2^t) next to sqrt(v_hat). That is uncorrected Adam
        under the step size alpha sqrt(1 - beta2^t) / (1 - beta1^t).
    beta1_decay: lambda of section 4, beta1_t = beta1 lambda^(t-1); 1 is off.
    """

    name: str = "adam"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)
    bias_correction: bool = True
    eps_form: EpsForm = EpsForm.algorithm1
    beta1_decay: float = fading(1.0)

    State = AdamState

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdamCoefficients:
        beta1_t = h.beta1 * h.beta1_decay ** (t - 1)
        unbias1 = 1 / (1 - h.bias_correction * h.beta1**t)
        unbias2 = 1 / (1 - h.bias_correction * h.beta2**t)
        eps = h.eps * unbias2.sqrt() if h.eps_form is EpsForm.efficient else h.eps
        return AdamCoefficients(
            h.alpha, beta1_t, 1 - beta1_t, h.beta2, 1 - h.beta2, unbias1, unbias2, eps
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: AdamCoefficients) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_hat = m * c.unbias1
        v_hat = v * c.unbias2
        return -c.alpha * ratio(m_hat, v_hat.sqrt() + c.eps), AdamState(m, v)
