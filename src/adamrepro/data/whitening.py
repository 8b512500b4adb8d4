"""Whitened images: "whitened" in section 6.3 is not explained, so that there are several readings.

Statistics are those of the whole training split.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from adamrepro.data.sources import Counter, uncounted

_CHUNK = 1_000  # images that are widened at a time


def channel_affine(x: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift, float32 [3, 1, 1], that give each channel of x mean 0 and deviation 1.

    Args:
        x: uint8 [N, 3, H, W]; the affine map is for the byte values.
    """
    values = np.arange(256.0)
    scale, shift = [], []
    for channel in range(x.shape[1]):
        # a histogram of bytes holds all of it, and is exact in any order of summation
        histogram = np.zeros(256)
        for start in range(0, len(x), _CHUNK):
            part = x[start : start + _CHUNK, channel].numpy()
            histogram += np.bincount(part.ravel(), minlength=256)
        mean = np.average(values, weights=histogram)
        deviation = np.sqrt(np.average((values - mean) ** 2, weights=histogram))
        scale.append(1 / deviation)
        shift.append(-mean / deviation)
    return torch.tensor(scale).float().view(-1, 1, 1), torch.tensor(shift).float().view(-1, 1, 1)


def mean_image(x: Tensor) -> Tensor:
    """The mean of x, uint8 [N, ...], over its images: float32 [...].

    All that the GPU ConvNet code of 2012-2014 took from the bytes.
    """
    total = sum(
        x[start : start + _CHUNK].sum(0, dtype=torch.int64) for start in range(0, len(x), _CHUNK)
    )
    return (torch.as_tensor(total).double() / len(x)).float()


class Zca:
    """ZCA whitening (Bell & Sejnowski 1997; Krizhevsky 2009, appendix A).

    With cov = U diag(lambda) U^T the covariance of the training images in [0, 1], an image becomes
    (x - mean) U diag(1 / sqrt(lambda + epsilon)) U^T. A direction of variance lambda gets variance
    lambda / (lambda + epsilon): 1 where lambda is large against epsilon, and less where the
    direction is noise.
    """

    def __init__(self, x: Tensor, epsilon: float, counter: Counter = uncounted) -> None:
        """Fit on x, uint8 [N, ...]."""
        flat = x.reshape(len(x), -1)
        self._mean = (flat.sum(0, dtype=torch.float64) / (255 * len(x))).float()
        cov = torch.zeros(flat.shape[1], flat.shape[1], dtype=torch.float64)
        for start in range(0, len(flat), _CHUNK):
            centred = flat[start : start + _CHUNK].float().div_(255).sub_(self._mean)
            cov += centred.T @ centred
            counter("ZCA: covariance", start + len(centred), len(flat))
        variances, directions = torch.linalg.eigh(cov / len(x))
        scale = (variances.clamp(min=0) + epsilon).rsqrt()
        self._matrix = ((directions * scale) @ directions.T).float()

    def apply(self, x: Tensor, out: np.ndarray, counter: Counter = uncounted) -> None:
        """Write the whitened images of x, uint8 [N, ...], into out, float32 of the same shape."""
        target = torch.from_numpy(out).view(len(x), -1)
        for start in range(0, len(x), _CHUNK):
            part = x[start : start + _CHUNK].reshape(-1, self._mean.numel())
            torch.matmul(
                part.float().div_(255).sub_(self._mean),
                self._matrix,
                out=target[start : start + _CHUNK],
            )
            counter("ZCA: whitening", start + len(part), len(x))
