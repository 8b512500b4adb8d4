"""On the real data sets, under $ADAMREPRO_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from adamrepro.data import (
    CifarConfig,
    Features,
    ImdbConfig,
    MnistConfig,
    Source,
    Sparse,
    Whitening,
    load_dataset,
)

pytestmark = [pytest.mark.realdata]


@pytest.fixture
def real() -> Path:
    if "ADAMREPRO_DATA" not in os.environ:
        pytest.skip("ADAMREPRO_DATA is not set")
    return Path(os.environ["ADAMREPRO_DATA"])


def test_mnist_is_the_published_one(real):
    data = load_dataset(MnistConfig(), root=real)
    assert data.source is Source.CANONICAL
    assert data.sha256 == "ea108faaf69d262fdfe6d205d9da55ccdcd172cbffd0d9620f8459327db611f0"
    assert data.train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.train.x.double().mean().item() / 255 == pytest.approx(0.1306605, abs=1e-6)


def matrix(split: Sparse) -> csr_matrix:
    parts = (split.val.numpy(), split.col.numpy(), split.crow.numpy())
    return csr_matrix(parts, shape=(len(split), split.features))


@pytest.mark.parametrize("features", Features)
def test_logistic_regression_reaches_88_percent_on_imdb(real, features):
    data = load_dataset(ImdbConfig(features=features), root=real)
    assert data.source is Source.CANONICAL
    model = LogisticRegression(C=0.05, solver="liblinear")
    model.fit(matrix(data.train), data.train.y.numpy())
    assert model.score(matrix(data.test), data.test.y.numpy()) == pytest.approx(0.881, abs=0.002)


def test_imdb_has_126_of_10000_words_in_a_review(real):
    train = load_dataset(ImdbConfig(), root=real).train
    assert int(train.crow[-1]) / len(train) == pytest.approx(126.57, abs=0.01)
    # each of the frequent words is used, in the order of the vocabulary up to other splits' share
    used = np.bincount(train.col.numpy(), minlength=10_000)
    assert used.min() > 0
    assert used[:10].min() > 10 * used[5_000:].max()


def test_reviews_are_counted_as_the_authors_did(real):
    # the beginning of the published train/labeledBow.feat, review pos/11_9.txt
    expected = {0: 1, 1: 3, 2: 1, 3: 1, 11: 2, 15: 1, 20: 1, 36: 1, 48: 1, 52: 4, 61: 1, 63: 1}
    config = ImdbConfig(features=Features.counts, vocabulary=64)
    rows, _ = load_dataset(config, root=real).train.batch(torch.tensor([11]))
    assert dict(zip(rows.col.tolist(), rows.val.tolist(), strict=True)) == expected


def test_cifar10_reads(real):
    data = load_dataset(CifarConfig(), root=real)
    assert (len(data.train), len(data.test)) == (50_000, 10_000)
    assert data.train.y.bincount().tolist() == [5_000] * 10
    mean = data.train.x.double().mean((0, 2, 3)) / 255
    torch.testing.assert_close(
        mean, torch.tensor([0.4914, 0.4822, 0.4465]).double(), atol=2e-3, rtol=0
    )


@pytest.mark.slow
def test_zca_whitens_the_directions_that_stand_out_from_epsilon(real):
    epsilon = 0.01
    raw = load_dataset(CifarConfig(whitening=Whitening.none), root=real).train
    white = load_dataset(CifarConfig(whitening=Whitening.zca, zca_epsilon=epsilon), root=real).train
    centred = raw.x.flatten(1).float().div_(255)
    centred -= centred.mean(0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(raw))
    retained = directions[:, variances > 100 * epsilon]
    assert retained.shape[1] >= 10
    projected = white.x.flatten(1) @ retained
    covariance = projected.T @ projected / len(white)
    identity = torch.eye(retained.shape[1])
    torch.testing.assert_close(covariance, identity, atol=1e-2, rtol=0)
