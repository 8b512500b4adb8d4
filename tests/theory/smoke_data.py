"""Data for the small experiments at their smallest size: stand-ins, loaded once."""

from functools import lru_cache
from pathlib import Path

from adamrepro.data import DataSet, load_dataset
from adamrepro.theory import THEORY


@lru_cache
def data_of(name: str) -> DataSet | None:
    dataset = THEORY[name].dataset
    return dataset and load_dataset(dataset["smoke"], root=Path("/nowhere"), stand_in=True)
