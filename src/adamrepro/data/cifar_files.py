"""The three forms in which CIFAR-10 comes: binary archive, python archive, folders of images.

Every reader returns x uint8 [N, 3, 32, 32] and y int64 [N] of the training split, then of the test.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from adamrepro.data.cache import FileState, fingerprint, load_arrays, save_arrays
from adamrepro.data.pickled import read_batch
from adamrepro.data.sources import Counter
from adamrepro.errors import UserError

CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
PER_FILE = 10_000
TRAIN_PER_CLASS, TEST_PER_CLASS = 5_000, 1_000
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")

# of the files in cifar-10-binary.tar.gz (sha1) and cifar-10-python.tar.gz (md5), as published with
# mxnet's and torchvision's readers of them
SHA1 = {
    "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
    "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
    "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
    "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
    "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    "test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c",
}
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}


@dataclass(frozen=True, kw_only=True)
class Images:
    """x uint8 [N, 3, 32, 32], y int64 [N] of both splits; whether they are the published ones."""

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    canonical: bool


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form: its folder under the data root, what must be in there, and its reader."""

    folder: str
    needs: list[str]
    read: Callable[[Path, Counter], Images]


def read_binary(folder: Path, counter: Counter) -> Images:
    """The binary archive: files of 10,000 records of a label byte and 3,072 pixel bytes.

    Raises:
        UserError: a file of another size, a label over 9, or classes of unequal size.
    """
    record = 1 + PIXELS
    parts, canonical = [], True
    for name, digest in SHA1.items():
        path = folder / name
        raw = np.fromfile(path, dtype=np.uint8)
        if raw.size != PER_FILE * record:
            raise UserError(
                f"{path}: {raw.size:,} bytes; expected {PER_FILE * record:,} "
                f"({PER_FILE:,} images of {record:,} bytes). Fetch it again."
            )
        canonical = (
            canonical and hashlib.sha1(raw.data, usedforsecurity=False).hexdigest() == digest
        )
        records = raw.reshape(PER_FILE, record)
        parts.append(_checked(path, records[:, 1:], records[:, 0].astype(np.int64)))
    return _joined(folder, parts, canonical)


def read_python(folder: Path, counter: Counter) -> Images:
    """The python archive: pickled dictionaries of data [10,000, 3,072] and labels.

    Raises:
        UserError: not such a pickle, another number of images, or classes of unequal size.
    """
    parts, canonical = [], True
    for name, digest in MD5.items():
        path = folder / name
        canonical = (
            canonical
            and hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == digest
        )
        x, y = read_batch(path)
        if x.shape != (PER_FILE, PIXELS) or y.shape != (PER_FILE,):
            raise UserError(
                f"{path}: holds data of shape {x.shape} and {y.size:,} labels; expected "
                f"({PER_FILE}, {PIXELS}) and {PER_FILE:,}. Fetch it again."
            )
        parts.append(_checked(path, x, y))
    return _joined(folder, parts, canonical)


def read_folders(folder: Path, counter: Counter) -> Images:
    """Images of 32 x 32 pixels in {train,test}/<class>/, ordered by class, then by name.

    Decoding takes a while, so that the pixels are cached for as long as no file changes.

    Raises:
        UserError: a class has another number of images, an image another size or no known format.
    """
    wanted = {"train": TRAIN_PER_CLASS, "test": TEST_PER_CLASS}
    files = [_list(folder / split / c, count) for split, count in wanted.items() for c in CLASSES]
    entries = [entry for group in files for entry in group]
    key = fingerprint(map(FileState.of, entries), folder)
    arrays = load_arrays(folder / "pixels.npz", key)
    if arrays is None:
        x = np.empty((len(entries), *SHAPE), dtype=np.uint8)
        for i, entry in enumerate(entries):
            x[i] = _decode(Path(entry.path))
            if (i + 1) % 500 == 0 or i + 1 == len(entries):
                counter("CIFAR-10: decoding images", i + 1, len(entries))
        arrays = {"x": x}
        save_arrays(folder / "pixels.npz", key, arrays)
    y = {split: np.repeat(np.arange(len(CLASSES)), count) for split, count in wanted.items()}
    train = len(y["train"])
    return Images(
        train_x=arrays["x"][:train],
        train_y=y["train"],
        test_x=arrays["x"][train:],
        test_y=y["test"],
        canonical=False,
    )


def _checked(path: Path, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if y.min() < 0 or y.max() >= len(CLASSES):
        wrong = y.max() if y.max() >= len(CLASSES) else y.min()
        raise UserError(f"{path}: holds the label {wrong}; expected 0 to {len(CLASSES) - 1}.")
    return x.reshape(-1, *SHAPE), y


def _joined(folder: Path, parts: list[tuple[np.ndarray, np.ndarray]], canonical: bool) -> Images:
    *train, test = parts
    train_x, train_y = (np.concatenate(arrays) for arrays in zip(*train, strict=True))
    test_x, test_y = np.ascontiguousarray(test[0]), test[1]
    for files, y, wanted in (
        ("the five training files", train_y, TRAIN_PER_CLASS),
        ("the test file", test_y, TEST_PER_CLASS),
    ):
        counts = np.bincount(y, minlength=len(CLASSES))
        for name, count in zip(CLASSES, counts, strict=True):
            if count != wanted:
                raise UserError(
                    f"{folder}: {files} together hold {count:,} images of class {name}; expected "
                    f"{wanted:,}: some file is damaged, swapped or there twice. Fetch them again."
                )
    return Images(
        train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y, canonical=canonical
    )


def _list(folder: Path, wanted: int) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        images = [
            entry
            for entry in found
            if entry.name.lower().endswith(IMAGE_ENDINGS) and not entry.name.startswith(".")
        ]
    if len(images) != wanted:
        raise UserError(
            f"{folder}: holds {len(images):,} images ({', '.join(IMAGE_ENDINGS)}); "
            f"expected {wanted:,}."
        )
    return sorted(images, key=lambda entry: entry.name)


def _decode(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.size != SHAPE[1:]:
                raise UserError(
                    f"{path}: is {image.size[0]} x {image.size[1]} pixels; expected 32 x 32."
                )
            return np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{path}: is not a readable image ({error}). Fetch it again.") from error


FORMS = [
    Form(folder="cifar-10-batches-bin", needs=list(SHA1), read=read_binary),
    Form(folder="cifar-10-batches-py", needs=list(MD5), read=read_python),
    Form(
        folder="cifar10",
        needs=[f"{split}/{name}" for split in ("train", "test") for name in CLASSES],
        read=read_folders,
    ),
]
