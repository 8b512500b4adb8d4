"""The sweeper: an experiment's own sweeps, then the confirmation runs of what they chose."""

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from adamrepro.experiments import experiment

WHOLE_SWEEP = ("experiment=", "budget=", "results=", "seeds.")
"""Overrides that say what the jobs are and where their tables lie."""


class ExperimentSweeper(Sweeper):
    """Expands `-m experiment=...` into the jobs of the experiment's sweeps.

    The user's own overrides are applied to each job, lists of values (a=1,2) as a product. Without
    an experiment, or with one that has no sweeps, it does what Hydra's basic sweeper does.
    """

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.task_config = config
        self.loader = hydra_context.config_loader
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Launch every experiment's grid, then its confirmation runs."""
        parser = OverridesParser.create(config_loader=self.loader)
        self.launched = 0
        plain: list[list[str]] = []
        experiments: dict[tuple[str, ...], list[list[str]]] = {}
        for user in BasicSweeper.split_arguments(parser.parse_overrides(arguments), None)[0]:
            groups = tuple(o for o in user if o.startswith(WHOLE_SWEEP))
            config = self.loader.load_sweep_config(self.task_config, list(groups))
            if config.get("sweeps"):
                experiments.setdefault(groups, []).append(user)
            else:
                plain.append(user)
        returns = [self.launch(plain)] if plain else []
        for groups, users in experiments.items():
            config = self.loader.load_sweep_config(self.task_config, list(groups))
            returns += self.run_experiment(config, users)
        return returns

    def run_experiment(self, config: DictConfig, users: Sequence[list[str]]) -> list[Any]:
        """Launch one experiment: all that its users' overrides ask for, as one batch."""
        jobs = experiment.grid(config, users)
        grid = self.launch(jobs)
        if any(o.startswith("seed=") for user in users for o in user):
            return [grid]
        by_run = {job.return_value: overrides for job, overrides in zip(grid, jobs, strict=True)}
        confirmations = experiment.confirmations(config, by_run)
        return [grid, self.launch(confirmations)] if confirmations else [grid]

    def launch(self, jobs: list[list[str]]) -> Any:
        returned = self.launcher.launch(jobs, initial_job_idx=self.launched)
        self.launched += len(jobs)
        return returned
