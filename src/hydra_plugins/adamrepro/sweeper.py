"""The sweeper: the grids of experiments, then the runs that confirm what they chose."""

import itertools
from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
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
        """Launch the grids of all experiments as one batch, then what confirms those that are done.

        A run that failed stops none of the others; its error is raised at the end. Returns every
        run's return value.
        """
        parsed = self.composer.parser.parse_overrides(arguments)
        users = BasicSweeper.split_arguments(parsed, None)[0]
        experiments, others = self.experiments_of(self.composer, users)
        grids = [experiment.overrides for experiment in experiments]
        returned = iter(self.launch([*others, *itertools.chain(*grids)]))
        launched = [list(itertools.islice(returned, len(runs))) for runs in (others, *grids)]
        confirmations = [
            run
            for experiment, grid in zip(experiments, launched[1:], strict=True)
            if all(run.status is JobStatus.COMPLETED for run in grid)
            for run in experiment.confirmations(
                {run.return_value: place for place, run in enumerate(grid)}
            )
        ]
        if confirmations:
            launched.append(list(self.launch(confirmations)))
        return [run.return_value for runs in launched for run in runs]

    def launch(self, runs: Sequence[list[str]]) -> Sequence[JobReturn]:
        returned = self.launcher.launch(runs, initial_job_idx=self.launched)
        self.launched += len(runs)
        return returned
