"""Train one run, or (-m) a grid: see `adamrepro train --help`."""

import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from adamrepro.command import announced, explained
from adamrepro.paths import CONFIGS


@hydra.main(config_path=str(CONFIGS), config_name="config", version_base="1.3")
def train(config: DictConfig) -> str:
    """Train the run that `config` describes; returns its run_id."""
    # torch is imported late: --help need not wait for it
    from adamrepro.execution import run_batch
    from adamrepro.experiments.budgets import apply_budget
    from adamrepro.runs.config import to_run_config

    with explained():
        apply_budget(config, HydraConfig.get().overrides.task)
        return run_batch([to_run_config(config)], processes=False)[0].run_id


def main() -> None:
    """Train what the command line asks for."""
    with explained():
        sys.argv[1:] = announced(sys.argv[1:])
        train()
