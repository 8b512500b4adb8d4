"""What W&B is told about a run: made from its rows in the tables, in training as afterwards.

Rows hold text, as the tables do. Both ways of reporting start from them, so that a run looks the
same whether it was reported while it trained or exported later.
"""

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from adamrepro.results.fidelity import distances
from adamrepro.results.reference import EXPERIMENTS, panel_of, read_reference
from adamrepro.results.rows import Row

Scalar = str | int | float | bool
Point = dict[str, float]
Settings = Mapping[str, object]
"""Settings in sections, as in configs/: plain values, or mappings of such."""

LONGEST_TAG = 64

RATE = "examples_per_second"
"""Logged beside the costs of a pass: how fast a run went through it, evaluation included."""

AD_HOC = "adhoc"
"""The experiment of runs that belong to none."""


@dataclass(frozen=True)
class Card:
    """How a run is filed: its identity in W&B, where it is listed, its settings (nested)."""

    id: str
    name: str
    group: str
    job_type: str
    tags: tuple[str, ...]
    config: dict[str, object]


def card_of(table: str, run: Row, settings: Settings | None = None) -> Card:
    """Return the card of a row of runs.csv in `table` (a budget, or adhoc for single runs).

    settings: the run's whole configuration where it is known; the row has what can change results.
    The identity follows from the table, the experiment and the run_id: however often a run is
    resumed or exported, it is the same run in W&B.
    """
    rule = run["optimizer.name"]
    alpha = run.get("optimizer.alpha", "")
    words = (run["series"] or rule, f"alpha={alpha}" if alpha else "", f"seed={run['seed']}")
    tags = (run["experiment"], rule, table, run["commit"])
    return Card(
        id=identity(table, run["experiment"], run["run_id"]),
        name=" ".join(word for word in words if word),
        group=group_of(table, run),
        job_type=run["role"],
        tags=tuple(dict.fromkeys(tag[:LONGEST_TAG] for tag in tags if tag)),
        config=config_of(table, run, settings or {}),
    )


def group_of(table: str, run: Row) -> str:
    """Return what W&B lists together: an experiment, or the ad-hoc runs of one task."""
    task = f"{run.get('dataset.name', '')} {run.get('model.name', '')}".strip()
    ad_hoc = run["experiment"] == AD_HOC
    return f"{task if ad_hoc and task else run['experiment']} {table}"


def identity(table: str, experiment: str, name: str) -> str:
    """Return a W&B run id; other characters than letters, digits, - and _ are left out."""
    return re.sub(r"[^\w-]", "", f"{table}-{experiment}-{name}", flags=re.ASCII)


def config_of(table: str, run: Row, settings: Settings) -> dict[str, object]:
    """Return the settings with dotted names nested, what identifies the run, and where it ran.

    What `settings` has it says itself: numbers in full, and the settings that are null.
    """
    named = ("run_id", "setting_id", "experiment", "series", "reading", "role")
    made_with = ("device", "machine", "commit")
    config: dict[str, object] = {key: run[key] for key in (*named, *made_with) if run.get(key)}
    config |= {"table": table, "data": {"source": run["data_source"], "sha": run["data_sha"]}}
    for key, cell in run.items():
        section, dot, setting = key.partition(".")
        if cell and dot:
            merge(config, {section: {setting: value_of(cell)}})
        elif cell and key in ("seed", "threads"):
            config[key] = int(cell)
    merge(config, settings)
    return config


def merge(config: dict[str, object], more: Settings) -> None:
    """Add settings to a config, section by section."""
    for key, value in more.items():
        old = config.get(key)
        both = isinstance(old, dict) and isinstance(value, Mapping)
        config[key] = {**old, **value} if both else value  # type: ignore[dict-item]


def value_of(cell: str) -> Scalar:
    """Read a setting as the tables write it."""
    for convert in (int, float):
        with suppress(ValueError):
            return convert(cell)
    return {"true": True, "false": False}.get(cell, cell)


def points_of(curve: Sequence[Row]) -> dict[int, Point]:
    """Return what to plot, by epoch: the costs that are there."""
    return {
        int(row["epoch"]): {
            key: float(cell) for key, cell in row.items() if cell and key != "epoch"
        }
        for row in curve
    }


def summary_of(run: Row, curve: Sequence[Row]) -> dict[str, Scalar]:
    """Return status, seconds, best (lowest) train_cost, and distance from the paper's curve."""
    summary: dict[str, Scalar] = {"status": run["status"], "seconds": float(run["seconds"])}
    if run["diverged_epoch"]:
        summary["diverged_epoch"] = int(run["diverged_epoch"])
    costs = [point["train_cost"] for point in points_of(curve).values() if "train_cost" in point]
    finite = [cost for cost in costs if math.isfinite(cost)]
    if finite:
        summary["best_cost"] = min(finite)
    dex = fidelity_of(run, curve)
    if math.isfinite(dex):
        summary["fidelity"] = dex
    return summary


def fidelity_of(run: Row, curve: Sequence[Row]) -> float:
    """Return the distance from the paper's curve in dex; nan without one, inf if diverged."""
    if run["experiment"] not in EXPERIMENTS:
        return math.nan
    panel = panel_of(run["experiment"])
    runs = pd.DataFrame([{key: _float_or_text(cell) for key, cell in run.items()}])
    runs = runs.assign(run_id=run["run_id"], series=run["series"], status=run["status"])
    costs = {"train_cost": math.nan, "train_nll": math.nan}
    points = [{"epoch": epoch, **costs, **point} for epoch, point in points_of(curve).items()]
    curves = pd.DataFrame(points).assign(run_id=run["run_id"])
    return float(distances(runs, curves, panel, _reference(panel.name))["dex"].iloc[0])


def _float_or_text(cell: str) -> float | str:
    # floats alone: pandas warns where it meets a whole number among the reference's floats
    try:
        return float(cell or math.nan)
    except ValueError:
        return cell


@lru_cache
def _reference(name: str) -> pd.DataFrame:
    return read_reference(name)
