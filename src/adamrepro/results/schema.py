"""The two tables that hold an experiment, and how they are read back.

`results/<budget>/<experiment>/runs.csv` has one row per run: RUN_ID_COLUMNS, then the configuration
under its dotted override names (blank where it does not apply), then RUN_RECORD_COLUMNS.
`curves.csv` has one row per run and epoch: CURVE_COLUMNS. `machines.csv` has one row per machine
that runs were trained on: MACHINE_COLUMNS.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adamrepro import paths
from adamrepro.errors import UserError, nearest
from adamrepro.results.checksum import verify
from adamrepro.results.layout import budget_of, table_of
from adamrepro.results.rows import read_curves, read_rows

RUN_ID_COLUMNS = (
    "run_id",
    "setting_id",  # the run without its seed: shared by grid and confirmation runs
    "experiment",
    "series",
    "reading",  # "" for the chosen reading
    "role",  # grid | confirm | single
    "status",  # done | diverged
    "diverged_epoch",
)
RUN_RECORD_COLUMNS = (
    "data_source",  # canonical | mirror | stand-in
    "data_sha",
    "seconds",  # of training, by the clock: clean costs and checkpoints are left out
    "cpu_seconds",  # of the processor meanwhile: fewer where the run had to share its core
    "optimizer_mb",  # what the optimizer keeps beside parameters and gradients
    "device",  # cpu, or the GPU's name
    "threads",
    "machine",  # a row of machines.csv
    "commit",
    "date",  # on which the run ended, UTC
    "checksum",  # over the row and its curve
)
RECENT = ("cpu_seconds", "machine", "date")
"""Columns that tables written by earlier versions lack."""
FORMER = ("torch",)
"""Columns that only such tables have."""

COSTS = ("train_cost", "train_objective", "train_nll", "test_nll", "test_error")
CURVE_COLUMNS = ("run_id", "epoch", *COSTS)

# The whole training sets: `sizes` of the data sets' classes, which this package does not import.
TRAINING_EXAMPLES = {
    "mnist": 60_000,
    "imdb": 25_000,
    "cifar10": 50_000,
}

_DIGITS = 12
_COPIES = {
    "bc97fe8870d2": "images went through JPEG",  # CIFAR-10, as it lay at hand
}
"""What is known of data that is not canonical, by the first _DIGITS of its checksum."""

_TEXT = ("run_id", "setting_id", "experiment", "series", "reading", "role", "status")


@dataclass(frozen=True)
class Tables:
    """One experiment's results: `runs` (a row per run), `curves` (a row per run and epoch)."""

    runs: pd.DataFrame
    curves: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Tables:
        """Read both tables of `folder`.

        Raises UserError for a missing file or column, for a run or an epoch of one that is there
        twice, and for a run with a checksum that was changed after it was written.
        """
        expected = (*RUN_ID_COLUMNS, *RUN_RECORD_COLUMNS)
        runs = _read(folder / "runs.csv", tuple(c for c in expected if c not in RECENT))
        for column in RECENT:
            if column not in runs:
                runs[column] = float("nan")
        curves = _read(folder / "curves.csv", CURVE_COLUMNS)
        _check_unique(folder / "runs.csv", runs, "run_id")
        _check_unique(folder / "curves.csv", curves, "run_id", "epoch")
        for column in _TEXT:
            runs[column] = runs[column].fillna("")
        signed = {r["run_id"]: r for r in read_rows(folder / "runs.csv") if r["checksum"]}
        verify(folder, signed, read_curves(folder / "curves.csv", signed))
        return cls(runs, curves)

    @staticmethod
    def exist(folder: Path) -> bool:
        """Whether `folder` holds both tables."""
        return all((folder / name).is_file() for name in ("runs.csv", "curves.csv"))


def untrained(folder: Path) -> str:
    """Say of the folder of an experiment that is without tables what makes them."""
    table, experiment = folder.parts[-2:]
    known = paths.experiments()
    if experiment not in known:
        return f"{folder}: no tables, and no such experiment; {nearest(experiment, known)}"
    stand_in = table_of(table, stand_in=True)
    if Tables.exist(folder.parents[1] / stand_in / experiment):
        return f"{folder}: no tables; those of stand-in data: --budget {stand_in}"
    settings = f"experiment={known[experiment]} budget={budget_of(table)}"
    return f"{folder}: no tables; adamrepro train -m {settings}"


def config_columns(runs: pd.DataFrame) -> list[str]:
    """Columns of `runs` that hold the configuration, in the table's order."""
    known = {*RUN_ID_COLUMNS, *RUN_RECORD_COLUMNS, *FORMER}
    return [str(column) for column in runs if column not in known]


def training_examples(runs: pd.DataFrame) -> pd.Series[float]:
    """How many examples each run was trained on: all, less what was held out or cut."""
    whole = runs["dataset.name"].map(TRAINING_EXAMPLES).astype(float)
    kept = whole - runs.get("dataset.held_out", pd.Series(0.0, runs.index)).fillna(0.0)
    asked = runs.get("dataset.examples", whole).fillna(whole)
    return kept.clip(upper=asked)


def limits(runs: pd.DataFrame, epochs: int) -> list[str]:
    """What sets `runs` apart from the paper's: data that is not canonical, examples or passes cut.

    `epochs` is how many passes the paper shows. Empty when nothing was cut.
    """
    sources = sorted(set(runs["data_source"].dropna()) - {"canonical"})
    found = [f"data: {source.upper()}, not the canonical files" for source in sources]
    digests = set(runs["data_sha"].dropna().astype(str).str[:_DIGITS])
    found += [f"its {what}" for digest, what in _COPIES.items() if digest in digests]
    name = str(runs["dataset.name"].iloc[0]) if "dataset.name" in runs else ""
    if whole := TRAINING_EXAMPLES.get(name):
        found += _cut(runs, "dataset.examples", whole, "examples")
    return found + _cut(runs, "training.epochs", epochs, "passes")


def _cut(runs: pd.DataFrame, column: str, whole: int, what: str) -> list[str]:
    """Say how many of `whole` the runs have, if any has fewer; blank stands for all of them."""
    values = runs[column].fillna(whole) if column in runs else pd.Series(dtype=float)
    if values.empty or values.min() >= whole:
        return []
    least, most = int(values.min()), int(min(values.max(), whole))
    return [f"{least:,}{'' if least == most else f' to {most:,}'} of {whole:,} {what}"]


def _check_unique(path: Path, table: pd.DataFrame, *keys: str) -> None:
    twice = table[table.duplicated([*keys])]
    if len(twice):
        found = ", ".join(f"{key} {twice[key].iloc[0]}" for key in keys)
        raise UserError(f"{path}: {found} is there twice; restore it or delete it")


def _read(path: Path, expected: tuple[str, ...]) -> pd.DataFrame:
    text = dict.fromkeys((*_TEXT, "data_sha", "machine", "commit", "date", "checksum"), str)
    numbers = dict.fromkeys(("diverged_epoch", "seconds", "cpu_seconds"), float)
    try:
        table = pd.read_csv(path, dtype={**text, **numbers}, keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        raise UserError(untrained(path.parent)) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a readable table ({error})") from error
    missing = [column for column in expected if column not in table]
    if missing:
        raise UserError(f"{path}: columns missing: {', '.join(missing)}; not a results table")
    return table
