"""The data sets: found, fetched or stood in for, checked, and held as tensors.

Adding one is a file with its config, which loads it, and a row in `DATASETS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

from adamrepro.data.batches import Dense, Sparse, SparseBatch
from adamrepro.data.cifar10 import CifarConfig, Whitening
from adamrepro.data.dataset import DataSet, Source, check_finite
from adamrepro.data.imdb import Features, ImdbConfig
from adamrepro.data.mnist import MnistConfig
from adamrepro.data.sources import Counter, Request, uncounted
from adamrepro.errors import UserError

__all__ = [
    "DATASETS",
    "CifarConfig",
    "Counter",
    "DataSet",
    "DataSetConfig",
    "Dense",
    "Features",
    "ImdbConfig",
    "MnistConfig",
    "Source",
    "Sparse",
    "SparseBatch",
    "Whitening",
    "is_there",
    "load_dataset",
]


class DataSetConfig(Protocol):
    """What all configs of data sets have.

    sizes: examples of the training and the test split.
    folders: under the data root; the data set seems to be there if one of these is.
    """

    sizes: ClassVar[tuple[int, int]]
    folders: ClassVar[tuple[str, ...]]
    name: str
    examples: int | None

    def load(self, request: Request) -> DataSet:
        """Return the data set; raises UserError or OSError."""


DATASETS: dict[str, type[DataSetConfig]] = {
    "mnist": MnistConfig,
    "imdb": ImdbConfig,
    "cifar10": CifarConfig,
}


def is_there(config: DataSetConfig, root: Path) -> bool:
    """Whether a data set seems to be there. Its files are not looked at: `load_dataset` does."""
    return any((root / folder).is_dir() for folder in config.folders)


def load_dataset(
    config: DataSetConfig,
    *,
    root: Path,
    download: bool = False,
    stand_in: bool = False,
    counter: Counter = uncounted,
) -> DataSet:
    """Load the data set that `config` describes.

    Args:
        config: one of the classes in `DATASETS`.
        root: folder with the files as their canonical archives unpack.
        download: fetch files that are missing.
        stand_in: accept a stand-in for what can be neither found nor fetched.
        counter: is told how far slow work has come.

    Raises:
        UserError: files are missing, damaged or of another shape.
    """
    request = Request(
        root=Path(root).expanduser(), download=download, stand_in=stand_in, counter=counter
    )
    try:
        data = config.load(request)
    except OSError as error:
        raise UserError(
            f"{config.name}: {error.filename} cannot be read: {error.strerror}."
        ) from error
    check_finite(data, request.root)
    return data
