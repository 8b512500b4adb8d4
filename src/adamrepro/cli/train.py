"""Train one run, or (-m) a grid: see `adamrepro train --help`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from adamrepro.cli.overrides import announced, check_own_configs, explained
from adamrepro.errors import UserError
from adamrepro.experiments.overrides import given
from adamrepro.paths import CONFIGS
from adamrepro.results.kinds import Status
from adamrepro.results.rows import read_curves, read_rows

if TYPE_CHECKING:
    from adamrepro.runs.planning import Run


@hydra.main(config_path=str(CONFIGS), config_name="config", version_base="1.3")
def train(config: DictConfig) -> str:
    """Train the run that `config` describes; returns its run_id."""
    # torch is imported late: --help need not wait for it
    from adamrepro.execution import run_batch
    from adamrepro.experiments.budgets import apply_budget
    from adamrepro.experiments.checks import check_name
    from adamrepro.runs.config import to_run_config

    with explained():
        told = HydraConfig.get().overrides.task
        if HydraConfig.get().mode is RunMode.RUN:
            check_single(config, told)
        check_name(config.experiment, told)
        apply_budget(config, told)
        [run] = run_batch([to_run_config(config)], processes=False)
        print(outcome(run))
        return run.run_id


def check_single(config: DictConfig, overrides: Sequence[str]) -> None:
    """Refuse, for a single run, what only a sweep heeds."""
    if (launcher := HydraConfig.get().runtime.choices["hydra/launcher"]) != "population":
        raise UserError(f"hydra/launcher={launcher}: takes the populations of a sweep; add -m")
    for key, value in given(overrides).items():
        if config.get("sweeps") and key in ("series", "reading"):
            raise UserError(f"{key}={value}: chooses from an experiment's grid; add -m")


def outcome(run: "Run") -> str:
    """Say in a line how a run ended, on which data, and where its row is."""
    path = run.store.tables / "runs.csv"
    [row] = [row for row in read_rows(path) if row["run_id"] == run.run_id]
    last = read_curves(path.with_name("curves.csv"), {run.run_id: row})[run.run_id][-1]
    costs = [f"{key} {last[key]}" for key in ("train_cost", "test_nll", "test_error") if last[key]]
    ended = "diverged" if row["status"] == Status.DIVERGED else ", ".join(costs)
    data = ", stand-in data" if row["data_source"] == "stand-in" else ""
    return f"run {run.run_id}: {ended} after pass {last['epoch']}{data}; {path}"


def main() -> None:
    """Train what the command line asks for."""
    with explained():
        if "--budget" in sys.argv:
            raise UserError("--budget: expected budget=NAME, as every setting of train")
        check_own_configs(sys.argv[1:])
        sys.argv[1:] = announced(sys.argv[1:])
        train()
