"""What speaks against publishing a table of a small experiment."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from adamrepro.data.dataset import Source
from adamrepro.theory.record import read
from adamrepro.theory.table import Theory


def objections(
    theory: Theory,
    budget: str,
    path: Path,
    against_commit: Callable[[str], str],
    *,
    partial: bool = False,
) -> Iterator[str]:
    """Say what speaks against it: nothing, or a line for each fault.

    against_commit: says what speaks against a commit, "" for nothing. partial: seeds may be
    missing.
    """
    table = read(path)
    if (table["data_source"] == Source.STAND_IN).any():
        yield "trained on stand-in data"
    for commit in dict.fromkeys(table["commit"].astype(str)):
        if against := against_commit(commit):
            yield against
    for key, value in theory.settings(budget).items():
        if (others := table[table[key] != value]).size:
            yield f"{key} {others[key].iloc[0]} where {value} is asked for at this budget"
    yield from wrong_seeds(table, theory.seeds[budget], partial=partial)


def wrong_seeds(table: pd.DataFrame, asked: Sequence[int], *, partial: bool) -> Iterator[str]:
    there = set(table["seed"])
    if extra := sorted(there - set(asked)):
        yield f"seeds {extra}: not asked for at this budget"
    missing = sorted(set(asked) - there)
    if missing and not partial:
        yield f"seeds {missing}: not trained"
