"""The launcher: a whole batch of runs, grouped into populations that train as one program."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class PopulationLauncher(Launcher):
    """Runs populations in worker processes on this machine."""

    cluster: Any = None
    """The settings of the cluster to train on, None for this machine."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        from adamrepro.errors import RunsFailed
        from adamrepro.execution import run_batch
        from adamrepro.experiments.compose import Composer

        self.run_batch, self.runs_failed = run_batch, RunsFailed
        self.composer = Composer(hydra_context.config_loader, config)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Bring all runs into the tables; each one's return value is its run_id.

        That of a run that failed is the error, as Hydra has it: raised when it is asked for.
        """
        setup_globals()
        configs = [self.composer.run_config(overrides) for overrides in job_overrides]
        failed: Exception | None = None
        finished: Sequence[str | None]
        try:
            runs = self.run_batch(configs, processes=True, cluster=self.cluster)
            finished = [run.run_id for run in runs]
        except self.runs_failed as error:
            failed, finished = error, error.finished
        returns = []
        for overrides, run in zip(job_overrides, finished, strict=True):
            status = JobStatus.FAILED if run is None else JobStatus.COMPLETED
            returns.append(JobReturn(overrides=overrides, status=status))
            returns[-1].return_value = failed if run is None else run
        return returns


class SlurmLauncher(PopulationLauncher):
    """Runs populations as jobs of a Slurm cluster."""

    def __init__(self, **settings: Any) -> None:
        # checked in `setup`: Hydra would hide an error from here behind one of its own
        self.settings = settings

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        from adamrepro.execution import Cluster
        from adamrepro.runs.config import section

        self.cluster = section("hydra.launcher", Cluster, OmegaConf.create(self.settings))
