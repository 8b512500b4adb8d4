import json
from pathlib import Path

import numpy as np
import pytest
import torch

from adamrepro.data import CifarConfig, Whitening, cifar10, load_dataset
from adamrepro.data.cifar_files import Form, Images
from adamrepro.data.whitening import Zca, channel_affine, mean_image


def images(count: int, side: int) -> torch.Tensor:
    """Bytes with strongly correlated pixels: a random mix of few patterns, and a little noise."""
    g = torch.Generator().manual_seed(0)
    patterns = torch.randn(12, 3, side, side, generator=g)
    mix = torch.einsum("nk,kchw->nchw", torch.randn(count, 12, generator=g), patterns)
    noise = torch.randn(count, 3, side, side, generator=g)
    return (128 + 8 * mix + 6 * noise).clamp(0, 255).to(torch.uint8)


def whiten(x: torch.Tensor, epsilon: float) -> torch.Tensor:
    out = np.empty(x.shape, dtype=np.float32)
    Zca(x, epsilon).apply(x, out)
    return torch.from_numpy(out).flatten(1).double()


def covariance(x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(0)
    return centred.T @ centred / len(x)


def test_with_a_small_epsilon_the_covariance_is_the_identity():
    white = whiten(images(3000, 6), 1e-7)
    torch.testing.assert_close(
        covariance(white), torch.eye(108, dtype=torch.float64), atol=1e-2, rtol=0
    )
    torch.testing.assert_close(white.mean(0), torch.zeros(108).double(), atol=1e-4, rtol=0)


def test_a_direction_of_variance_v_keeps_v_over_v_plus_epsilon():
    x, epsilon = images(3000, 6), 1e-3
    variances, directions = torch.linalg.eigh(covariance(x.flatten(1).double() / 255))
    kept = directions.T @ covariance(whiten(x, epsilon)) @ directions
    expected = variances / (variances + epsilon)
    assert expected.min() < 0.5  # epsilon matters here,
    assert expected.max() > 0.99  # and here it does not
    torch.testing.assert_close(kept, expected.diag(), atol=1e-3, rtol=0)


def test_zca_turns_the_images_as_little_as_possible():
    # of all whitening maps, ZCA's is the symmetric one: each pixel stays closest to itself
    x = images(3000, 6)
    matrix = Zca(x, 1e-3)._matrix
    torch.testing.assert_close(matrix, matrix.T, atol=1e-4, rtol=1e-4)
    assert torch.linalg.eigvalsh(matrix).min() > 0


def test_the_mean_image_is_subtracted_from_bytes(cifar_binary_root):
    x = images(2500, 6)
    torch.testing.assert_close(mean_image(x), x.double().mean(0).float())
    config = CifarConfig(whitening=Whitening.mean)
    train = load_dataset(config, root=cifar_binary_root).train
    white, _ = train.batch(torch.arange(len(train)))
    torch.testing.assert_close(white.mean(0), torch.zeros(3, 32, 32), atol=1e-3, rtol=0)
    torch.testing.assert_close(white - white[0], (train.x.float() - train.x[0].float()))


def test_the_test_split_is_whitened_by_the_training_split():
    x = images(400, 6)
    zca = Zca(x[:300], 1e-2)
    out = np.empty((100, 3, 6, 6), dtype=np.float32)
    zca.apply(x[300:], out)
    flat = x.flatten(1).double() / 255
    cov = covariance(flat[:300])
    variances, u = torch.linalg.eigh(cov)
    matrix = u @ (variances + 1e-2).rsqrt().diag() @ u.T
    expected = (flat[300:] - flat[:300].mean(0)) @ matrix
    torch.testing.assert_close(
        torch.from_numpy(out).flatten(1).double(), expected, atol=1e-4, rtol=1e-4
    )


def test_channel_statistics_are_those_of_torch():
    x = images(300, 6)
    scale, shift = channel_affine(x)
    mean, std = (f((0, 2, 3)) for f in (x.double().mean, x.double().std))
    torch.testing.assert_close(scale.flatten().double(), 1 / std, rtol=1e-4, atol=0)
    torch.testing.assert_close(shift.flatten().double(), -mean / std, rtol=1e-4, atol=0)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch, small: None) -> list[float]:
    """CIFAR-10 is 8 x 8 from here on; the epsilons that ZCA was fitted with."""
    fitted: list[float] = []

    class Counted(Zca):
        def __init__(self, x, epsilon, counter) -> None:
            fitted.append(epsilon)
            super().__init__(x, epsilon, counter)

    def read(folder, counter):
        x = images(120, 8).numpy()
        y = np.arange(120) % 10
        return Images(
            train_x=x[:100], train_y=y[:100], test_x=x[100:], test_y=y[100:], canonical=False
        )

    form = Form(folder="cifar-10-batches-bin", needs=[], read=read)
    monkeypatch.setattr(cifar10, "Zca", Counted)
    monkeypatch.setattr(cifar10, "FORMS", [form])
    monkeypatch.setattr(cifar10.cifar_files, "SHAPE", (3, 8, 8))
    return fitted


def load(root: Path, epsilon: float = 0.01):
    (root / "cifar-10-batches-bin").mkdir(parents=True, exist_ok=True)
    return load_dataset(CifarConfig(whitening=Whitening.zca, zca_epsilon=epsilon), root=root)


def test_whitened_images_are_made_once_for_each_epsilon(root, fits):
    made, read = load(root), load(root)
    assert fits == [0.01]
    assert torch.equal(made.train.x, read.train.x)
    assert torch.equal(made.test.x, read.test.x)
    other = load(root, 0.1)
    assert fits == [0.01, 0.1]
    assert other.sha256 != made.sha256
    assert not torch.equal(other.train.x, made.train.x)
    load(root)
    assert fits == [0.01, 0.1]


def test_writing_to_what_was_loaded_does_not_change_the_cache(root, fits):
    load(root)
    load(root).train.x.fill_(3)
    assert load(root).train.x.std() > 0
    assert fits == [0.01]


@pytest.mark.parametrize("kind", ["bytes", "length", "key", "note"])
def test_a_damaged_cache_is_made_again(root, fits, kind):
    good = load(root).train.x.clone()
    path = root / "cifar-10-batches-bin" / "zca-0.01.npy"
    note = path.with_name("zca-0.01.npy.json")
    if kind == "bytes":
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    elif kind == "length":
        path.write_bytes(path.read_bytes()[:-1])
    elif kind == "key":
        note.write_text(json.dumps({**json.loads(note.read_text()), "key": "other images"}))
    else:
        note.unlink()
    assert torch.equal(load(root).train.x, good)
    assert fits == [0.01, 0.01]
    load(root)
    assert fits == [0.01, 0.01]
