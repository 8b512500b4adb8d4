"""The sweeper: the grids of experiments, then the runs that confirm what they chose."""

from collections.abc import Sequence
from typing import Any

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
        from adamrepro.experiments.experiment import experiments_of, train

        self.composer = Composer(hydra_context.config_loader, config)
        self.experiments_of, self.train = experiments_of, train
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Any]:
        """Launch the grids of all experiments as one batch, then what confirms those that are done.

        A run that failed stops none of the others; its error is raised at the end. Returns every
        run's return value.
        """
        experiments, others = self.experiments_of(self.composer, self.composer.products(arguments))
        launched: list[JobReturn] = []

        def launch(runs: Sequence[list[str]]) -> list[str | None]:
            found = self.launcher.launch(runs, initial_job_idx=len(launched))
            launched.extend(found)
            done = JobStatus.COMPLETED
            return [run.return_value if run.status is done else None for run in found]

        self.train(experiments, launch, others)
        return [run.return_value for run in launched]
