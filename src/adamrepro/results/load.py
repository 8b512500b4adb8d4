"""Results as DataFrames, by where they lie: `adamrepro.load("published", "full", "fig4")`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adamrepro import paths
from adamrepro.errors import UserError, nearest
from adamrepro.results.layout import experiments_in, tables_in
from adamrepro.results.machines import MACHINE_COLUMNS
from adamrepro.results.schema import Tables
from adamrepro.results.written import read_written

PLACES = ("published", "local")

WHOLE = (
    *("seed", "diverged_epoch", "threads"),
    *("dataset.examples", "dataset.held_out", "dataset.vocabulary"),
    *("model.hidden", "model.latent"),
    *("optimizer.history", "optimizer.initial_active"),
    *("schedule.warmup", "training.batch_size", "training.epoch_steps"),
    *("training.epochs", "training.evaluate_every"),
)
"""Columns of whole numbers; a blank one, such as `dataset.examples` of all examples, is <NA>."""

TRUTHS = (
    "model.binarize",
    *("optimizer.allow_noise", "optimizer.bias_correction"),
    *("optimizer.clipped", "optimizer.nesterov"),
)
"""Columns of true and false; blank where the setting does not apply, which is <NA>."""


@dataclass(frozen=True)
class Results:
    """An experiment's results at a budget; docs/tables.md explains the columns.

    runs: a row per run, its settings under the names that set them on the command line, each with
        its type: `optimizer.alpha` float, `training.epochs` integer, `date` a date.
    curves: a row per run and epoch, of the costs; `curves.merge(runs, on="run_id")` puts both
        together.
    summary: a row per curve of the figure, as it was last drawn (of Figure 4, per point); empty
        where no figure was.
    machines: a row per machine, which `runs["machine"]` names; empty in tables of earlier versions.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    summary: pd.DataFrame
    machines: pd.DataFrame


def load(place: str | os.PathLike[str], budget: str, experiment: str) -> Results:
    """Read an experiment's results.

    place: `published`, `local` (your own), or another results folder, one that has a folder for
    each budget. Raises UserError for a place, budget or experiment that is not there, naming those
    that are, and for tables that are damaged or were edited.
    """
    root = folder_of(place)
    budgets = tables_in(root)
    if budget not in budgets:
        raise UserError(f"budget={budget}: no tables in {root}; {named(budget, budgets)}")
    experiments = experiments_in(root / budget)
    if experiment not in experiments:
        where = root / budget
        raise UserError(
            f"experiment={experiment}: no tables in {where}; {named(experiment, experiments)}"
        )
    folder = root / budget / experiment
    tables = Tables.read(folder)
    return Results(
        typed(tables.runs),
        tables.curves,
        if_there(folder / "summary.csv"),
        if_there(folder / "machines.csv", MACHINE_COLUMNS),
    )


def folder_of(place: str | os.PathLike[str]) -> Path:
    """Return the results folder that `place` means."""
    if place not in PLACES:
        folder = Path(place).expanduser()
        if not folder.is_dir():
            known = f"{nearest(str(place), PLACES)}, or a results folder"
            raise UserError(f"place={place}: no such results; {known}")
        return folder
    folder = paths.published("results") if place == "published" else paths.local("results")
    if folder.is_dir():
        return folder
    if place == "local":
        raise UserError(f"{folder}: no results of your own yet; adamrepro train -m makes them")
    raise UserError(
        f"{folder}: no such folder; the published tables come with the repository, not with the "
        "installed package.\nClone it, and set ADAMREPRO_HOME to its folder"
    )


def named(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return nearest(name, names) if names else "there are none at all"


def typed(runs: pd.DataFrame) -> pd.DataFrame:
    """Give each column the type of its setting, whatever values the table happens to have."""
    kinds: dict[str, str] = {}
    for column in map(str, runs):
        if column in WHOLE:
            kinds[column] = "Int64"
        elif column in TRUTHS:
            kinds[column] = "boolean"
        elif "." in column and pd.api.types.is_integer_dtype(runs[column]):
            kinds[column] = "float64"
    return runs.astype(kinds).assign(date=pd.to_datetime(runs["date"]))


def if_there(path: Path, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table that some results lack; an empty one in its place.

    Raises UserError for one that cannot be read.
    """
    if not path.is_file():
        return pd.DataFrame(columns=list(columns))
    return read_written(path, dict.fromkeys(("machine", "python", "torch"), str))
