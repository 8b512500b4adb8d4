"""What a small experiment is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from adamrepro.data import DataSetConfig

Numbers = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Theory:
    """An experiment, and how much of it each budget runs.

    run: seed, data where `dataset` says which, and the numbers of `size` -> table.
    seeds: those of each budget.
    """

    run: Callable[..., pd.DataFrame]
    seeds: Mapping[str, Sequence[int]]
    size: Mapping[str, Numbers]
    dataset: Mapping[str, DataSetConfig] | None = None
