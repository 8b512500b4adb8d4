"""Generated data in place of IMDB and CIFAR-10: same shapes and sparsity, learnable, always equal.

Only for machines that can have nothing better: numbers made from it say nothing about the paper.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

REVIEWS = 5_000  # in each split
WORDS = 89_527  # in imdb.vocab
TRAIN_IMAGES, TEST_IMAGES = 5_000, 1_000


def bags_of_words() -> dict[str, csr_matrix | np.ndarray]:
    """Word counts uint16 [5,000, 89,527] and labels int64 [5,000]: train, test, train_y, test_y.

    Word frequencies follow Zipf's law as mended by Mandelbrot; each class uses every word at its
    own rate.
    """
    rng = np.random.default_rng(0)
    rate = 1 / (np.arange(WORDS) + 5.0)
    tilt = rng.normal(scale=0.15, size=WORDS)
    splits: dict[str, csr_matrix | np.ndarray] = {}
    for name in ("train", "test"):
        y = np.repeat(np.array([1, 0]), REVIEWS // 2)
        # review lengths of aclImdb: log-normal, 230 words in the mean
        length = rng.lognormal(mean=5.05, sigma=0.65, size=REVIEWS).astype(np.int64) + 10
        row = np.repeat(np.arange(REVIEWS), length)
        word = np.empty(len(row), dtype=np.int64)
        for label, sign in ((1, 1.0), (0, -1.0)):
            cumulative = np.cumsum(rate * np.exp(sign * tilt))
            drawn = y[row] == label
            u = rng.random(int(drawn.sum())) * cumulative[-1]
            word[drawn] = np.minimum(np.searchsorted(cumulative, u), WORDS - 1)
        ones = np.ones(len(row), dtype=np.uint16)
        counts = csr_matrix((ones, (row, word)), shape=(REVIEWS, WORDS))
        counts.sum_duplicates()
        splits[name], splits[f"{name}_y"] = counts, y
    return splits


def images() -> dict[str, np.ndarray]:
    """train_x uint8 [5,000, 3, 32, 32], train_y int64 [5,000]; test_x, test_y of 1,000.

    A class is a smooth random pattern; an example is its pattern, shifted round, at a random
    strength, with another smooth pattern and pixel noise added.
    """
    rng = np.random.default_rng(0)
    patterns, backgrounds = _smooth(rng, 10), _smooth(rng, 500)
    splits: dict[str, np.ndarray] = {}
    for name, count in (("train", TRAIN_IMAGES), ("test", TEST_IMAGES)):
        y = rng.permutation(np.arange(count) % 10)
        strength = rng.uniform(0.3, 1.2, size=(count, 1, 1, 1)).astype(np.float32)
        x = _shifted(rng, patterns[y], 4) * strength
        x += _shifted(rng, backgrounds[rng.integers(len(backgrounds), size=count)], 16)
        x += 0.3 * rng.standard_normal(x.shape, dtype=np.float32)
        splits[f"{name}_x"] = np.clip(128 + 45 * x, 0, 255, out=x).astype(np.uint8)
        splits[f"{name}_y"] = y
    return splits


def _shifted(rng: np.random.Generator, x: np.ndarray, most: int) -> np.ndarray:
    """Each image of x [N, 3, 32, 32] rolled down and right by up to `most` pixels."""
    n, c = np.arange(len(x))[:, None, None, None], np.arange(3)[:, None, None]
    rows, columns = (
        (np.arange(32) - rng.integers(-most, most + 1, size=(len(x), 1))) % 32 for _ in range(2)
    )
    rolled: np.ndarray = x[n, c, rows[:, None, :, None], columns[:, None, None, :]]
    return rolled


def _smooth(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random colour patterns with a power spectrum that falls as in photographs, unit variance."""
    frequency = np.fft.fftfreq(32)[:, None] ** 2 + np.fft.rfftfreq(32)[None] ** 2
    falloff = 1 / (frequency + 1 / 32**2)
    noise = rng.standard_normal((count, 3, 32, 32), dtype=np.float32)
    smooth: np.ndarray = np.fft.irfft2(np.fft.rfft2(noise) * falloff, s=(32, 32)).astype(np.float32)
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    return smooth
