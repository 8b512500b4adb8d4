"""Muon: momentum made orthogonal for weight matrices, AdamW for everything else."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor

from adamrepro.optim.adam import AdamState
from adamrepro.optim.ranges import decay_rate, not_negative, step_size
from adamrepro.optim.rule import Hyper, Parameter, Rule, ratio

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the Newton-Schulz iteration, steepest at 0 (Jordan 2024)."""

ITERATIONS = 5

SMALLEST_NORM = 1e-7


class Scale(Enum):
    """What an orthogonal step is multiplied by; fans of the layer's inputs and outputs.

    original: sqrt(max(1, outputs / inputs)) (Jordan 2024).
    match_rms_adamw: 0.2 sqrt(max(outputs, inputs)), entries about as large as AdamW's (Liu et al.
    2025, arXiv 2502.16982, section 2.2): alpha and lambda of AdamW can stay.
    """

    original = "original"
    match_rms_adamw = "match_rms_adamw"


class MuonState(NamedTuple):
    """Running mean of gradients, like the parameter."""

    m: Tensor


class MuonCoefficients(NamedTuple):
    """Factors of step t, each [R]: those of matrices, then AdamW's."""

    original: Tensor  # alpha where the scale is the original one, else 0
    matched: Tensor  # alpha where it is the other
    alpha: Tensor
    momentum: Tensor
    rest: Tensor  # 1 - momentum
    direct: Tensor  # weight of g in what is made orthogonal
    through: Tensor  # weight of m
    weight_decay: Tensor
    adam_alpha: Tensor
    beta1: Tensor
    rest1: Tensor  # 1 - beta1
    beta2: Tensor
    rest2: Tensor  # 1 - beta2
    unbias1: Tensor  # 1 / (1 - beta1^t)
    unbias2: Tensor  # 1 / (1 - beta2^t)
    eps: Tensor


@dataclass(kw_only=True)
class Muon(Rule):
    """Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon), as torch.optim.Muon.

        m_t = mu m_{t-1} + (1 - mu) g_t                u_t = mu m_t + (1 - mu) g_t
        theta_t = theta_{t-1} - alpha (scale orthogonal(u_t) + lambda theta_{t-1})

    `orthogonal` replaces the singular values of a matrix by numbers near 1 (0.68 to 1.21), all
    members at once. Weight matrices and convolution kernels, flattened to [outputs, the rest], are
    treated so; output layers too, which Jordan leaves to AdamW: a rule sees no layers. Other
    parameters (biases) take AdamW's step with a step size of their own.

    nesterov: off makes m_t itself orthogonal. weight_decay: lambda, of weights alone.
    adam_alpha, beta1, beta2, eps: of AdamW's step. Arithmetic is the parameter's, not bf16.
    """

    name: str = "muon"
    alpha: float = step_size(0.02)
    momentum: float = decay_rate(0.95)
    nesterov: bool = True
    scale: Scale = Scale.original
    weight_decay: float = not_negative(0.0)
    adam_alpha: float = step_size(3e-4)
    beta1: float = decay_rate(0.9)
    beta2: float = decay_rate(0.95)
    eps: float = not_negative(1e-10)

    State = MuonState
    elementwise = False

    @classmethod
    def start(cls, p: Parameter) -> MuonState | AdamState:
        zero = torch.zeros_like(p.theta)
        return MuonState(zero) if is_matrix(p) else AdamState(zero, zero.clone())

    @staticmethod
    def coefficients(h: Hyper, t: int) -> MuonCoefficients:
        is_original = float(h.scale is Scale.original)
        return MuonCoefficients(
            h.alpha * is_original,
            h.alpha * (1 - is_original),
            h.alpha,
            h.momentum,
            1 - h.momentum,
            torch.where(h.nesterov > 0, 1 - h.momentum, 0.0),
            torch.where(h.nesterov > 0, h.momentum, 1.0),
            h.weight_decay,
            h.adam_alpha,
            h.beta1,
            1 - h.beta1,
            h.beta2,
            1 - h.beta2,
            1 / (1 - h.beta1**t),
            1 / (1 - h.beta2**t),
            h.eps,
        )

    @classmethod
    def step_of(
        cls, p: Parameter, g: Tensor, s: Any, c: MuonCoefficients
    ) -> tuple[Tensor, MuonState | AdamState]:
        return matrix_step(p, g, s, c) if is_matrix(p) else adamw_step(g, s, c)


def is_matrix(p: Parameter) -> bool:
    """Say whether a parameter [R, ...] is a matrix of each member, or a kernel."""
    return p.is_weight and p.theta.dim() >= 3


def matrix_step(
    p: Parameter, g: Tensor, s: MuonState, c: MuonCoefficients
) -> tuple[Tensor, MuonState]:
    m = c.momentum * s.m + c.rest * g
    u = c.through * m + c.direct * g
    matrices = u.flatten(2)
    rows, columns = matrices.shape[1:]
    outputs, inputs = (rows, columns) if p.outputs == 1 else (columns, rows)
    scaled = c.original * max(1.0, outputs / inputs) ** 0.5
    scaled = scaled + c.matched * 0.2 * max(outputs, inputs) ** 0.5
    direction = orthogonal(matrices).view_as(u)
    return -(scaled * direction + c.alpha * p.decay(c.weight_decay)), MuonState(m)


def adamw_step(g: Tensor, s: AdamState, c: MuonCoefficients) -> tuple[Tensor, AdamState]:
    m = c.beta1 * s.m + c.rest1 * g
    v = c.beta2 * s.v + c.rest2 * g * g
    m_hat = m * c.unbias1
    v_hat = v * c.unbias2
    return -c.adam_alpha * ratio(m_hat, v_hat.sqrt() + c.eps), AdamState(m, v)


def orthogonal(matrices: Tensor) -> Tensor:
    """Bring all singular values of R matrices [R, rows, columns] near 1, by Newton and Schulz.

    x <- a x + b (x x') x + c (x x')^2 x, five times, from a Frobenius norm of 1. A singular value
    below about 0.0015 of that norm stays below 0.7; a matrix of zeros stays one.
    """
    a, b, c = QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp(min=SMALLEST_NORM)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
