"""Train one run, or (-m) a grid: see `python scripts/train.py --help`."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from adamrepro.command import explained

CONFIGS = Path(__file__).parents[1] / "configs"


@hydra.main(config_path=str(CONFIGS), config_name="config", version_base="1.3")
def main(config: DictConfig) -> str:
    """Train the run that `config` describes; returns its run_id."""
    from adamrepro.execution import run_batch
    from adamrepro.runs.config import to_run_config

    with explained():
        return run_batch([to_run_config(config)], processes=False)[0].run_id


if __name__ == "__main__":
    with explained():
        main()
