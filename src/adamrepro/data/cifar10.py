"""CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 colour images of 32 x 32 pixels, 10 classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from adamrepro.data import cifar_files, stand_ins
from adamrepro.data.batches import Dense
from adamrepro.data.cache import load_mapped, save_mapped
from adamrepro.data.cifar_files import FORMS, Images
from adamrepro.data.dataset import DataSet, Source, check_examples, content_sha256, keep_examples
from adamrepro.data.sources import Request, fetch_archive, locate
from adamrepro.data.whitening import Zca, channel_affine, mean_image
from adamrepro.ranges import check_ranges, positive

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"


class Whitening(StrEnum):
    """How images are whitened; statistics are those of the whole training split."""

    channel = "channel"  # each colour channel to mean 0 and standard deviation 1
    mean = "mean"  # the mean image subtracted from bytes of 0 to 255
    zca = "zca"  # all 3,072 pixel values decorrelated
    none = "none"  # pixels in [0, 1]


@dataclass(kw_only=True)
class CifarConfig:
    """Which part of CIFAR-10, and how its images are whitened.

    Attributes:
        name: fixed.
        examples: number of training images to keep; all if None.
        whitening: channel, mean, zca or none.
        zca_epsilon: added to the variances of pixels in [0, 1]; used for zca only.
    """

    sizes: ClassVar[tuple[int, int]] = (50_000, 10_000)
    folders: ClassVar[tuple[str, ...]] = tuple(form.folder for form in cifar_files.FORMS)

    name: str = "cifar10"
    examples: int | None = None
    whitening: Whitening = Whitening.channel
    zca_epsilon: float = positive(0.01)

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_examples(self.examples, self.sizes[0])
        check_ranges("dataset", self)

    def load(self, request: Request) -> DataSet:
        """CIFAR-10 with x [N, 3, 32, 32], whitened in a batch (channel) or beforehand (zca).

        Raises:
            UserError: files are missing, damaged, or not what CIFAR-10 holds.
        """
        form = next((f for f in FORMS if (request.root / f.folder).exists()), FORMS[0])
        folder = request.root / form.folder
        # only the binary archive is downloaded, so that another form that is incomplete stays so
        allowed = request if form is FORMS[0] else replace(request, download=False)
        if locate(
            allowed,
            name="CIFAR-10",
            files=[folder / name for name in form.needs],
            started=[folder],
            origin=URL,
            fetch=partial(fetch_archive, URL, MD5, FORMS[0].folder),
        ):
            images = form.read(folder, request.counter)
            source = Source.CANONICAL if images.canonical else Source.MIRROR
            cache = folder
        else:
            images = Images(**stand_ins.images(), canonical=False)
            source, cache = Source.STAND_IN, None
        raw = content_sha256([images.train_x, images.train_y, images.test_x, images.test_y])
        train, test = _whitened(self, images, raw, cache, request)
        train, test = keep_examples(train, test, self.examples)
        return DataSet(
            name=self.name,
            train=train,
            test=test,
            classes=len(cifar_files.CLASSES),
            source=source,
            sha256=content_sha256([_recipe(self, raw)]),
        )


def _recipe(config: CifarConfig, raw: str) -> str:
    """What the whitened images are made from. Their own bytes differ between machines' BLAS."""
    recipe: dict[str, str | float] = {"images": raw, "whitening": config.whitening.value}
    if config.whitening is Whitening.zca:
        recipe["epsilon"] = config.zca_epsilon
    return json.dumps(recipe, sort_keys=True)


def _whitened(
    config: CifarConfig, images: Images, raw: str, cache: Path | None, request: Request
) -> tuple[Dense, Dense]:
    train_x, test_x = torch.from_numpy(images.train_x), torch.from_numpy(images.test_x)
    scale: Tensor | None = None
    shift: Tensor | None = None
    if config.whitening is Whitening.channel:
        scale, shift = channel_affine(train_x)
    elif config.whitening is Whitening.mean:
        shift = -mean_image(train_x)
    elif config.whitening is Whitening.none:
        scale = torch.tensor(1 / 255)
    else:
        whitened = torch.from_numpy(_zca(config, images, raw, cache, request))
        train_x, test_x = whitened[: len(train_x)], whitened[len(train_x) :]
    return (
        Dense(x=train_x, y=torch.from_numpy(images.train_y), scale=scale, shift=shift),
        Dense(x=test_x, y=torch.from_numpy(images.test_y), scale=scale, shift=shift),
    )


def _zca(
    config: CifarConfig, images: Images, raw: str, cache: Path | None, request: Request
) -> np.ndarray:
    """The whitened training images, then the test images, float32 [N + M, 3, 32, 32]."""
    path = None if cache is None else cache / f"zca-{config.zca_epsilon:g}.npy"
    key = _recipe(config, raw)
    if path is not None:
        cached = load_mapped(path, key)
        if cached is not None:
            return cached
    train = len(images.train_x)
    whitened = np.empty((train + len(images.test_x), *cifar_files.SHAPE), dtype=np.float32)
    zca = Zca(torch.from_numpy(images.train_x), config.zca_epsilon, request.counter)
    zca.apply(torch.from_numpy(images.train_x), whitened[:train], request.counter)
    zca.apply(torch.from_numpy(images.test_x), whitened[train:], request.counter)
    if path is not None:
        save_mapped(path, key, whitened)
    return whitened
