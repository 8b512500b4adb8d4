"""An experiment's runs: its grid, and the confirmation runs of what the grid chose."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf

from adamrepro.experiments.compose import Composer

if TYPE_CHECKING:  # torch is imported late: Hydra loads every plug-in, for --help too
    from adamrepro.runs.config import RunConfig

Overrides = list[str]


def grid(config: DictConfig, users: Sequence[Overrides]) -> list[Overrides]:
    """Return the jobs of an experiment's sweeps, for each user's overrides."""
    from adamrepro.experiments.sweeps import expand

    sweeps: Any = OmegaConf.to_container(config, resolve=True)
    seeds = config.seeds.grid
    return [job for user in users for job in expand(sweeps, user, config.budget, seeds)]


def confirmations(config: DictConfig, finished: Mapping[str, Overrides]) -> list[Overrides]:
    """Return the confirmation jobs of a finished grid, given as run_id -> overrides."""
    from adamrepro.experiments.sweeps import confirm

    runs = chosen(config, set(finished))
    return [job for run in runs for job in confirm(finished[run], config.seeds.confirm)]


def is_confirmed(config: DictConfig) -> bool:
    """Whether this experiment has confirmation runs at this budget."""
    from adamrepro.results.panel import CurvePanel
    from adamrepro.results.reference import EXPERIMENTS, panel_of

    known = config.experiment in EXPERIMENTS and config.budget != "search"
    return known and isinstance(panel_of(config.experiment), CurvePanel)


def chosen(config: DictConfig, runs: set[str]) -> list[str]:
    """Return the runs of this grid that stand for the experiment's curves."""
    from adamrepro.results.schema import Tables
    from adamrepro.results.select import choose

    if not is_confirmed(config):
        return []
    found: list[str] = []
    for budget in (config.budget, f"{config.budget}-stand-in"):
        folder = Path(config.results) / budget / config.experiment
        if Tables.exist(folder):
            tables = Tables.read(folder)
            rows = tables.runs[tables.runs["run_id"].isin(runs)]
            if len(rows):
                choices = choose(rows, tables.curves, config.experiment)
                found += [choice.run_id for choice in choices]
    return list(dict.fromkeys(found))


class Sweep:
    """All runs of an experiment, as configurations: what -m with these overrides trains."""

    def __init__(self, loader: ConfigLoader, base: DictConfig, overrides: Overrides) -> None:
        self.config = loader.load_sweep_config(base, overrides)
        self.composer = Composer(loader, base)
        self.jobs = grid(self.config, [overrides]) if self.config.get("sweeps") else []
        self.grid = self.composed(self.jobs)
        self.seeds = list(self.config.seeds.confirm) if is_confirmed(self.config) else []

    def confirmations(self, finished: Mapping[str, int]) -> "list[RunConfig]":
        """Return the confirmation runs of a finished grid, given as run_id -> place in `grid`."""
        jobs = {run: self.jobs[place] for run, place in finished.items()}
        return self.composed(confirmations(self.config, jobs))

    def composed(self, jobs: Sequence[Overrides]) -> "list[RunConfig]":
        from adamrepro.runs.config import to_run_config

        return [to_run_config(self.composer.compose(job)) for job in jobs]
