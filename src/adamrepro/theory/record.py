"""Tables of the small experiments, with where each row comes from; written seed by seed."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from adamrepro.data import DataSet
from adamrepro.data.dataset import Source
from adamrepro.errors import UserError
from adamrepro.results.commits import trained_at
from adamrepro.results.layout import table_of
from adamrepro.results.written import read_written, write_table
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
    also: Path | None = None,
) -> int:
    """Run what the table at `path` lacks, a seed at a time, and return how many seeds it ran.

    The table is replaced whole after each.

    Columns: seed, the experiment's own, protocol, size_* (what the budget asks for), examples,
    data_source, data_sha, torch, commit. Rows of another size, other data or other seeds are not
    kept. also: a table whose seeds are taken over.
    """
    wanted: dict[str, Any] = dict(theory.settings(budget))
    if data is not None:
        wanted |= {"examples": len(data.train), "data_sha": data.sha256[:12]}
    seeds = theory.seeds[budget]
    before = read(path) if path.is_file() else pd.DataFrame()
    tables = kept_rows(before, wanted, seeds)
    if also and also.is_file():
        tables += kept_rows(read(also), wanted, lacking(seeds, tables))
    if tables and not (known := pd.concat(tables)).equals(before):
        write_table(path, known, SIGNIFICANT)
    missing = lacking(seeds, tables)
    for seed in missing:
        given = [] if data is None else [data]
        table = theory.run(seed, *given, **theory.size[budget])
        table.insert(0, "seed", seed)
        source = "" if data is None else str(data.source)
        facts = {"data_source": source, "torch": torch.__version__, "commit": trained_at()}
        tables.append(table.assign(**wanted, **facts))
        write_table(path, pd.concat(tables), SIGNIFICANT)
    return len(missing)


def lacking(seeds: Collection[int], tables: Sequence[pd.DataFrame]) -> list[int]:
    """The seeds of which none of the tables has rows."""
    there = set[int]().union(*(table["seed"] for table in tables))
    return [seed for seed in seeds if seed not in there]


def read(path: Path) -> pd.DataFrame:
    """Read a table as it was written; UserError for one that `record` did not write."""
    table = read_written(path, {"data_sha": str, "commit": str}, blanks=True)
    if missing := {"seed", "data_source", "commit"}.difference(table):
        raise UserError(f"{path}: has no column {', '.join(sorted(missing))}; delete it")
    return table.assign(protocol=table.get("protocol", FIRST))


def kept_rows(
    table: pd.DataFrame, wanted: dict[str, Any], seeds: Collection[int]
) -> list[pd.DataFrame]:
    """The rows of these seeds that were made as `wanted`, in a list that is empty without any."""
    if not set(wanted) <= set(table):
        return []
    same = table["seed"].isin(seeds)
    for key, value in wanted.items():
        same &= table[key] == value
    return [table[same]] if same.any() else []
