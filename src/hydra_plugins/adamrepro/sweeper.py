"""The sweeper: an experiment's own grid, then the runs that confirm what it chose."""

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
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
        self.launched = 0

    def sweep(self, arguments: list[str]) -> list[Any]:
        """Launch every experiment's grid, as one batch, then what confirms it."""
        parsed = self.composer.parser.parse_overrides(arguments)
        users = BasicSweeper.split_arguments(parsed, None)[0]
        experiments, others = self.experiments_of(self.composer, users)
        returns = [self.launch(others)] if others else []
        for experiment in experiments:
            grid = self.launch(experiment.overrides)
            finished = {run.return_value: place for place, run in enumerate(grid)}
            confirmations = experiment.confirmations(finished)
            returns += [grid, self.launch(confirmations)] if confirmations else [grid]
        return returns

    def launch(self, runs: Sequence[list[str]]) -> Any:
        returned = self.launcher.launch(runs, initial_job_idx=self.launched)
        self.launched += len(runs)
        return returned
