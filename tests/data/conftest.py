import hashlib
from pathlib import Path

import archives
import pytest
import torch

from adamrepro.data import cifar_files, mnist, reviews

torch.set_num_threads(1)

MNIST_TRAIN, MNIST_TEST = 60, 20
REVIEWS = 6  # in each class of each split
CIFAR_FILE = 20


@pytest.fixture(autouse=True)
def own_user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers expect miniatures."""
    monkeypatch.setattr(mnist, "TRAIN", MNIST_TRAIN)
    monkeypatch.setattr(mnist, "TEST", MNIST_TEST)
    monkeypatch.setattr(reviews, "PER_CLASS", REVIEWS)
    monkeypatch.setattr(cifar_files, "PER_FILE", CIFAR_FILE)
    monkeypatch.setattr(cifar_files, "TRAIN_PER_CLASS", CIFAR_FILE // 2)
    monkeypatch.setattr(cifar_files, "TEST_PER_CLASS", CIFAR_FILE // 10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def mnist_root(root: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    archives.mnist(root, MNIST_TRAIN, MNIST_TEST)
    digests = {
        name: hashlib.sha256((root / mnist.RAW / name).read_bytes()).hexdigest()
        for name in mnist.SHA256
    }
    monkeypatch.setattr(mnist, "SHA256", digests)
    return root


@pytest.fixture
def imdb_root(root: Path, small: None) -> Path:
    archives.imdb(root, REVIEWS)
    return root


@pytest.fixture
def imdb_feat_root(root: Path, small: None) -> Path:
    archives.imdb_feats(root, REVIEWS)
    return root


@pytest.fixture
def cifar_binary_root(root: Path, small: None) -> Path:
    archives.cifar_binary(root, CIFAR_FILE)
    return root


@pytest.fixture
def cifar_python_root(root: Path, small: None) -> Path:
    archives.cifar_python(root, CIFAR_FILE)
    return root


@pytest.fixture
def cifar_folders_root(root: Path, small: None) -> Path:
    archives.cifar_folders(root, CIFAR_FILE // 2, CIFAR_FILE // 10)
    return root
