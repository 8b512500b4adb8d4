"""The Hessian of one subfunction from its history: equations (8) to (10).

Everything here is small: k coordinates, n <= L pairs, float64.
"""

from typing import NamedTuple

import torch
from torch import Tensor

_TINY = 1e-12
_DEPENDENT = 1e-10  # singular values of the unit steps below this, relative, are rounding


class Curvature(NamedTuple):
    """Equation (3): H = beta I + basis diag(sigma) basis'."""

    beta: float
    sigma: Tensor  # [r], above -beta
    basis: Tensor  # [k, r], orthonormal


def fit(steps: Tensor, changes: Tensor, fallback: float, max_condition: float) -> Curvature:
    """The approximate Hessian that explains the pairs.

    Args:
        steps: [k, n] differences of position, oldest first, none of them zero.
        changes: [k, n] differences of gradient.
        fallback: the curvature to start from where the pairs give none.
        max_condition: the largest ratio of eigenvalues.
    """
    length = steps.norm(dim=0)
    frame = torch.linalg.qr(torch.cat([steps / length, changes / length], dim=1)).Q
    s, y = frame.T @ (steps / length), frame.T @ (changes / length)
    observed = least_squares_spectrum(s, y)
    if bool(torch.isfinite(observed).all()) and float(observed[-1]) > 0.0:
        largest = float(observed[0])
        beta = max(float(observed[-1]), largest / max_condition)
    else:
        largest = beta = fallback
    hessian = beta * torch.eye(s.shape[0], dtype=s.dtype)
    for s_n, y_n in zip(s.T, y.T, strict=True):
        hessian = bfgs_update(hessian, s_n, y_n)
    eigenvalues, vectors = positive_spectrum(hessian, largest, max_condition)
    return Curvature(beta, eigenvalues - beta, frame @ vectors)


def least_squares_spectrum(s: Tensor, y: Tensor) -> Tensor:
    """Equation (8): the singular values of Y pinv(S) that S determines, largest first."""
    _, values, right = torch.linalg.svd(s, full_matrices=False)
    rank = int((values > _DEPENDENT * values[0]).sum())
    curvature: Tensor = torch.linalg.svdvals(y @ (right[:rank].T / values[:rank]))
    return curvature[:rank]


def bfgs_update(hessian: Tensor, s: Tensor, y: Tensor) -> Tensor:
    """Equation (9).  A pair of negative curvature is taken too; (10) mends what it does.

    A pair that divides by nothing is passed over.
    """
    h_s = hessian @ s
    rise, bend = y @ s, s @ h_s
    if abs(float(rise)) <= _TINY * float(y.norm()) or abs(float(bend)) <= _TINY * float(h_s.norm()):
        return hessian
    return hessian + torch.outer(y, y) / rise - torch.outer(h_s, h_s) / bend


def positive_spectrum(
    hessian: Tensor, largest: float, max_condition: float
) -> tuple[Tensor, Tensor]:
    """Equation (10): eigenvalues, made positive, and eigenvectors [n, n] of a symmetric matrix.

    `largest` is taken for all of them where none is positive.
    """
    values, vectors = torch.linalg.eigh(hessian)
    if float(values[-1]) <= 0.0:
        return torch.full_like(values, largest), vectors
    typical = torch.quantile(values[values > 0.0], 0.5)
    return torch.where(values < values.abs().max() / max_condition, typical, values), vectors
