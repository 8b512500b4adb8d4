"""What a small experiment is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from adamrepro.data import DataSetConfig
from adamrepro.results.run_id import PROTOCOL

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

    def settings(self, budget: str) -> dict[str, int]:
        """Columns of its table that say how much was run at a budget, by which protocol."""
        sizes = {f"size_{key}": value for key, value in self.size[budget].items()}
        return {"protocol": PROTOCOL, **sizes}
