"""Tables of the small experiments, with where each row comes from; written seed by seed."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from adamrepro.data import DataSet
from adamrepro.data.dataset import Source
from adamrepro.results.commits import trained_at
from adamrepro.results.layout import table_of
from adamrepro.results.written import write_table
from adamrepro.theory.table import Theory

FIRST = 2
"""The protocol of tables that name none."""

SIGNIFICANT = 6
"""Digits that are written."""


def table_path(results: Path, budget: str, name: str, data: DataSet | None) -> Path:
    """Where a table lies: what was made from stand-ins has a folder of its own."""
    stand_in = data is not None and data.source is Source.STAND_IN
    return results / table_of(budget, stand_in=stand_in) / "theory" / f"{name}.csv"


def record(
    theory: Theory,
    budget: str,
    path: Path,
    data: DataSet | None,
    on_seed: Callable[[int, bool], None] = lambda seed, trained: None,
    also: Path | None = None,
) -> None:
    """Run what the table at `path` lacks, a seed at a time; the table is replaced whole each time.

    Columns: seed, the experiment's own, protocol, size_* (what the budget asks for), examples,
    data_source, data_sha, torch, commit. Rows of another size, other data or other seeds are not
    kept. also: a table whose seeds are taken over.
    """
    wanted: dict[str, Any] = dict(theory.settings(budget))
    if data is not None:
        wanted |= {"examples": len(data.train), "data_sha": data.sha256[:12]}
    seeds = theory.seeds[budget]
    tables: list[pd.DataFrame] = []
    for place in (path, also):
        lacking = set(seeds).difference(*(table["seed"] for table in tables))
        found = kept_rows(place, wanted, lacking) if place else pd.DataFrame()
        tables += [] if found.empty else [found]
    kept = set[int]().union(*(table["seed"] for table in tables))
    for seed in seeds:
        known = seed in kept
        if not known:
            given = [] if data is None else [data]
            table = theory.run(seed, *given, **theory.size[budget])
            table.insert(0, "seed", seed)
            source = "" if data is None else str(data.source)
            facts = {"data_source": source, "torch": torch.__version__, "commit": trained_at()}
            tables.append(table.assign(**wanted, **facts))
        if not known or not path.is_file():
            write_table(path, pd.concat(tables), SIGNIFICANT)
        on_seed(seed, not known)


def read(path: Path) -> pd.DataFrame:
    """Read a table as it was written."""
    table = pd.read_csv(path, dtype={"data_sha": str, "commit": str}, keep_default_na=False)
    return table.assign(protocol=table.get("protocol", FIRST))


def kept_rows(path: Path, wanted: dict[str, Any], seeds: Collection[int]) -> pd.DataFrame:
    """The rows at `path` that were made as `wanted`; empty if there are none."""
    if not path.is_file():
        return pd.DataFrame()
    table = read(path)
    if not set(wanted) <= set(table):
        return pd.DataFrame()
    same = table["seed"].isin(seeds)
    for key, value in wanted.items():
        same &= table[key] == value
    return table[same]
