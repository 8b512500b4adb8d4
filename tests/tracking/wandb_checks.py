"""What W&B was told of the runs of tiny.py, against their tables."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import tiny
from omegaconf import OmegaConf
from wandb_files import OfflineRun, offline_runs

from adamrepro.results.rows import Row, read_curves, read_rows, text
from adamrepro.results.store import Store
from adamrepro.runs.config import RunConfig, to_run_config
from adamrepro.tracking.card import RATE, card_of, points_of

OWN = {"_step", "_runtime", "_timestamp", "epoch", RATE}
"""What W&B's history has that the tables have not."""


def tables(
    results: Path, table: str = tiny.TABLE, experiment: str = "fig1a"
) -> tuple[dict[str, Row], dict[str, list[Row]]]:
    folder = Store(results, table, experiment).tables
    runs = {row["run_id"]: row for row in read_rows(folder / "runs.csv")}
    return runs, read_curves(folder / "curves.csv", runs)


def check_history(history: list[dict[str, float]], curve: list[Row]) -> None:
    """Every epoch once, in order, with the table's own numbers."""
    assert [point["epoch"] for point in history] == [int(row["epoch"]) for row in curve]
    assert [point["_step"] for point in history] == [point["epoch"] for point in history]
    costs = [{key: point[key] for key in set(point) - OWN} for point in history]
    assert costs == list(points_of(curve).values())


def check_config(said: dict[str, Any], of_the_row: dict[str, Any]) -> None:
    """All that the run's row says; a run that was tracked in training says more."""
    for key, value in of_the_row.items():
        if isinstance(value, dict):  # the tables have six digits
            assert {k: text(said[key][k]) for k in value} == {k: text(v) for k, v in value.items()}
        else:
            assert said[key] == value


def as_config(said: dict[str, Any]) -> RunConfig:
    """What train.py makes of the settings that W&B was told."""
    values = copy.deepcopy({f.name: said[f.name] for f in dataclasses.fields(RunConfig)})
    for key in ("source", "sha"):
        del values["data"][key]
    return to_run_config(OmegaConf.create(values))


def check_files(
    results: Path, table: str = tiny.TABLE, experiment: str = "fig1a"
) -> dict[str, OfflineRun]:
    """The runs in files are those of the table, each once, and say what it says."""
    runs, curves = tables(results, table, experiment)
    found = offline_runs(results / "runs" / "wandb")
    assert set(found) == {card_of(table, run).id for run in runs.values()}
    for key, run in runs.items():
        card = card_of(table, run)
        said = found[card.id]
        check_history(said.history, curves[key])
        check_config(said.config, card.config)
        assert (said.name, said.group, said.job_type) == (card.name, card.group, card.job_type)
        assert tuple(said.tags) == card.tags
        assert said.metrics == {"epoch": "", "*": "epoch"}
        assert said.summary["status"] == run["status"] == "done"
        assert said.summary["best_cost"] == min(
            float(r["train_cost"] or "inf") for r in curves[key]
        )
        assert said.summary["seconds"] == float(run["seconds"])
        assert said.exit_code == 0
    return found
