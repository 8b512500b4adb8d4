"""Cautious Adam: Adam where its step agrees with the gradient."""

from dataclasses import dataclass

from torch import Tensor

from adamrepro.optim.adam import AdamCoefficients, AdamState
from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Rule, column, ratio


@dataclass(kw_only=True)
class CautiousAdam(Rule):
    """C-AdamW (Liang et al. 2024, arXiv 2411.16085, Algorithm 1) without weight decay.

        u_t = m_hat / (sqrt(v_hat) + eps)              m_hat, v_hat as in Adam
        phi_t = 1 where u_t g_t > 0, else 0            alpha_t = alpha d / (|phi_t|_1 + 1)
        theta_t = theta_{t-1} - alpha_t phi_t u_t

    d and |phi_t|_1 count the entries of one parameter of one member: the steps that are left make
    up for those that are not.
    """

    name: str = "cautious_adam"
    alpha: float = step_size(1e-3)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.999)
    eps: float = not_negative(1e-8)

    State = AdamState
    elementwise = False

    @staticmethod
    def coefficients(h: Hyper, t: int) -> AdamCoefficients:
        unbias1, unbias2 = 1 / (1 - h.beta1**t), 1 / (1 - h.beta2**t)
        return AdamCoefficients(
            h.alpha, h.beta1, 1 - h.beta1, h.beta2, 1 - h.beta2, unbias1, unbias2, h.eps
        )

    @staticmethod
    def step(g: Tensor, s: AdamState, c: AdamCoefficients) -> tuple[Tensor, AdamState]:
        m = c.beta1 * s.m + c.rest1 * g
        v = c.beta2 * s.v + c.rest2 * g * g
        m_hat = m * c.unbias1
        v_hat = v * c.unbias2
        u = ratio(m_hat, v_hat.sqrt() + c.eps)
        phi = ((u > 0) & (g > 0) | (u < 0) & (g < 0)).to(g.dtype)
        entries = phi.reshape(len(phi), -1)  # [R, d]
        # not sum(1): compiled next to updates in place it fails (pytorch issue 188228)
        kept = entries.cumsum(1)[:, -1]  # [R]
        share = entries.shape[1] / (kept + 1)
        return -c.alpha * column(share, g) * phi * u, AdamState(m, v)
