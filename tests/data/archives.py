"""Writes the data sets' file formats in miniature."""

import io
import pickle
import struct
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
WORDS = ["the", "a", "good", "!", "bad", "isn't", "it", "plot", "?", ":)", "so-so", "film", "dull"]
WORDS += [f"{a}{b}" for a in "bcdfghk" for b in "aeiouy"]


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def mnist(root: Path, train: int, test: int) -> None:
    rng = np.random.default_rng(1)
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for split, count in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, size=(count, 28, 28))
        (raw / f"{split}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))


def imdb(root: Path, per_class: int) -> None:
    rng = np.random.default_rng(2)
    folder = root / "aclImdb"
    for split in ("train", "test"):
        for sentiment, rating, first in (("pos", 8, 0), ("neg", 3, 10)):
            place = folder / split / sentiment
            place.mkdir(parents=True)
            for number in range(per_class):
                words = [WORDS[i] for i in rng.integers(first, first + 45, size=12)]
                (place / f"{number}_{rating}.txt").write_text(" ".join(words), encoding="utf-8")
    (folder / "imdb.vocab").write_text("\n".join(WORDS) + "\n", encoding="utf-8")


def imdb_feats(root: Path, per_class: int) -> None:
    rng = np.random.default_rng(3)
    folder = root / "aclImdb"
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        lines = []
        for rating in [9] * per_class + [2] * per_class:
            counts = rng.integers(0, 4, size=len(WORDS))
            pairs = " ".join(f"{i}:{n}" for i, n in enumerate(counts) if n)
            lines.append(f"{rating} {pairs}\n")
        (folder / split / "labeledBow.feat").write_text("".join(lines))
    (folder / "imdb.vocab").write_text("\n".join(WORDS) + "\n", encoding="utf-8")


def _images(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, size=(count, 3072), dtype=np.uint8)
    return x, rng.permutation(np.arange(count) % 10)


def cifar_batches(per_file: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    return [(name, *_images(per_file, seed)) for seed, name in enumerate(names)]


def cifar_binary(root: Path, per_file: int) -> None:
    folder = root / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name, x, y in cifar_batches(per_file):
        records = np.concatenate([y[:, None].astype(np.uint8), x], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())


def cifar_python(root: Path, per_file: int) -> None:
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name, x, y in cifar_batches(per_file):
        batch = {"batch_label": "some batch", "labels": y.tolist(), "data": x}
        (folder / name).write_bytes(python2_pickle(batch))


def cifar_folders(root: Path, train: int, test: int) -> None:
    for seed, (split, count) in enumerate((("train", train), ("test", test))):
        for k, name in enumerate(CLASSES):
            place = root / "cifar10" / split / name
            place.mkdir(parents=True)
            x, _ = _images(count, 100 * seed + k)
            for i, pixels in enumerate(x):
                image = Image.fromarray(pixels.reshape(3, 32, 32).transpose(1, 2, 0))
                image.save(place / f"{i:04}.png")


class _Python2Pickler(pickle._Pickler):
    """Pickles as Python 2 with its numpy did: text and bytes are the same thing."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_text(self, text) -> None:
        raw = text.encode() if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_text

    def save_global(self, obj, name=None) -> None:
        if getattr(obj, "__name__", "") == "_reconstruct":
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)


def python2_pickle(obj: object) -> bytes:
    stream = io.BytesIO()
    _Python2Pickler(stream, protocol=2).dump(obj)
    return stream.getvalue()
