"""A sweep that trains in a second: logistic regression on 200 of the digits a package ships."""

import csv
import dataclasses
from pathlib import Path
from typing import Any

from adamrepro.data import MnistConfig
from adamrepro.models import MODELS, ModelConfig
from adamrepro.optim import RULES, Rule, Schedule
from adamrepro.runs.config import Data, Execution, RunConfig
from adamrepro.training import Training

BUDGET = "smoke"
TABLES = Path(f"{BUDGET}-stand-in") / "fig1a"
"""Where the tables of stand-in data lie under the results folder."""

DO_NOT_COUNT = ("seconds", "cpu_seconds", "commit", "date", "checksum")
"""Columns of runs.csv that may differ between two executions of the same sweep."""


def small(
    results: Path,
    rules: list[Rule] | None = None,
    *,
    seeds: tuple[int, ...] = (0,),
    model: ModelConfig | None = None,
    epochs: int = 2,
    population: Any = "auto",
    checkpoint_seconds: float = 60.0,
    workers: int | None = 1,
    **labels: Any,
) -> list[RunConfig]:
    """Run configurations for each rule and seed, of series named after the rules."""
    base = RunConfig(
        experiment="fig1a",
        budget=BUDGET,
        series="",
        reading="",
        role="grid",
        seed=0,
        dataset=MnistConfig(examples=200),
        model=model or MODELS["logistic"](),
        optimizer=RULES["adam"](),
        schedule=Schedule(),
        training=Training(epochs=epochs, batch_size=20),
        data=Data(root=str(results / "no-data"), download=False, stand_in=True),
        execution=Execution(device="cpu", workers=workers, checkpoint_seconds=checkpoint_seconds),
        results=str(results),
    )
    base.execution.population = population
    return [
        dataclasses.replace(
            base, optimizer=rule, seed=seed, **{"series": f"{rule.name} curve", **labels}
        )
        for rule in rules or three_rules()
        for seed in seeds
    ]


def three_rules() -> list[Rule]:
    """Four members of three rules: three populations."""
    return [
        RULES["adam"](alpha=0.01),
        RULES["adam"](alpha=0.001),
        RULES["sgd"](alpha=0.1),
        RULES["adagrad"](alpha=0.1),
    ]


def tables(results: Path, where: Path = TABLES) -> tuple[str, list[dict[str, str]]]:
    """curves.csv whole, and runs.csv without what may differ."""
    folder = results / where
    with (folder / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    for run in runs:
        for column in DO_NOT_COUNT:
            run.pop(column)
    return (folder / "curves.csv").read_text(), runs
