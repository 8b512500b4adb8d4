"""Train one run, or (-m) a grid: see `adamrepro train --help`."""

import hydra
from omegaconf import DictConfig

from adamrepro.command import explained
from adamrepro.paths import CONFIGS


@hydra.main(config_path=str(CONFIGS), config_name="config", version_base="1.3")
def train(config: DictConfig) -> str:
    """Train the run that `config` describes; returns its run_id."""
    from adamrepro.execution import run_batch
    from adamrepro.runs.config import to_run_config

    with explained():
        return run_batch([to_run_config(config)], processes=False)[0].run_id


def main() -> None:
    """Train what the command line asks for."""
    with explained():
        train()
