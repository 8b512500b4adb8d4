"""The decisions of a step, as functions of numbers: equations (5), (11), (12), (13)."""

import math

import torch
from torch import Tensor

_DEVIATIONS = 3.0  # how far above the others a new subfunction may lie
_MIN_SCALE = 1e-5  # eta is not halved for ever: steps must stay long enough to show curvature


def farthest(distances: Tensor, active: Tensor) -> int:
    """Equation (11): the active subfunction [N] of the largest distance [N]."""
    return int(distances.masked_fill(~active, -math.inf).argmax())


def positive_factor(hessian: Tensor) -> Tensor:
    """Cholesky factor of H [k, k], which (10) makes positive but for rounding."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(hessian)
    if int(failed) > 0:
        rounding = 1e-12 * hessian.diagonal().abs().max()
        factor = torch.linalg.cholesky(hessian + rounding * torch.eye(len(hessian)))
    return factor


def noise_exceeds_mean(gradients: Tensor, factor: Tensor, max_noise: float) -> bool:
    """Equation (12) for the gradients [k, n] of the active subfunctions, n > 1.

    Args:
        gradients: the latest gradients.
        factor: Cholesky factor of H [k, k].
        max_noise: the ratio of squared standard error and squared mean to exceed.
    """
    n = gradients.shape[1]
    mean = gradients.mean(dim=1, keepdim=True)
    # g'H^-1 g is the squared length of L^-1 g
    spread = torch.linalg.solve_triangular(factor, gradients - mean, upper=False).square().sum()
    signal = torch.linalg.solve_triangular(factor, mean, upper=False).square().sum()
    return bool(spread / (n * (n - 1)) >= max_noise * signal)


def limited(step: Tensor, shortest: float, longest: float) -> Tensor:
    """Equation (5): the step [k], lengthened or shortened; `longest` wins.  A zero step stays."""
    length = float(step.norm())
    if length == 0.0:
        return step
    return step * (min(max(length, shortest), longest) / length)


def is_outlier(value: float, others: Tensor) -> bool:
    """Whether a new subfunction's value is far above those [n] of the ones that are known."""
    if others.numel() < 2:
        return False
    return value > float(others.mean() + _DEVIATIONS * others.std(correction=0))


def is_worse_than_promised(value: float, last: float, predicted: float, promised: float) -> bool:
    """Equation (13).

    Args:
        value: f_i(x).
        last: f_i(x_i), of its latest evaluation.
        predicted: q_i(x).
        promised: 1/2 step'H step, what G should lose in the step to x.
    """
    return value > last and value - predicted > promised - (last - predicted)


def next_scale(scale: float, failed: bool, subfunctions: int) -> float:
    """Equation (13): eta after a failed or a good step."""
    if failed:
        return max(0.5 * scale, _MIN_SCALE)
    return 1.0 / subfunctions + (1.0 - 1.0 / subfunctions) * scale
