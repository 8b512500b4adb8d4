"""The sweeper: an experiment's own grid, then the runs that confirm what it chose."""

from collections.abc import Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class ExperimentSweeper(Sweeper):
    """Expands `-m experiment=...` into the experiment's runs.

    The user's own overrides are applied to each run, lists of values (a=1,2) as a product. Without
    an experiment, or with one that has no sweeps, it does what Hydra's basic sweeper does.
    """

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        from adamrepro.experiments.compose import Composer
        from adamrepro.experiments.experiment import experiments_of

        self.composer = Composer(hydra_context.config_loader, config)
        self.experiments_of = experiments_of
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Any]:
        """Launch every experiment's grid, as one batch, then what confirms it."""
        users = self.composer.products(arguments)
        experiments, others = self.experiments_of(self.composer, users)
        returns: list[Any] = []

        def launch(runs: Sequence[list[str]]) -> list[str]:
            launched = sum(map(len, returns))
            returns.append(self.launcher.launch(runs, initial_job_idx=launched))
            return [run.return_value for run in returns[-1]]

        if others:
            launch(others)
        for experiment in experiments:
            experiment.train(launch)
        return returns
