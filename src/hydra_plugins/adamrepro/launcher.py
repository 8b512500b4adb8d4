"""The launcher: a whole batch of jobs, grouped into populations that train as one program."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from adamrepro.experiments.compose import Composer


class PopulationLauncher(Launcher):
    """Runs populations in worker processes on this machine."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.composer = Composer(hydra_context.config_loader, config)

    def cluster(self) -> Any:
        """Return the settings of the cluster to train on, None for this machine."""
        return None

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Bring all jobs into the tables; each one's return value is its run_id."""
        # torch is imported late: Hydra loads every plug-in, for --help and single runs too
        from adamrepro.execution import run_batch
        from adamrepro.runs.config import to_run_config

        setup_globals()
        composed = [self.composer.compose(overrides) for overrides in job_overrides]
        configs = [to_run_config(config) for config in composed]
        jobs = run_batch(configs, processes=True, cluster=self.cluster())
        returns = []
        for overrides, config, job in zip(job_overrides, composed, jobs, strict=True):
            done = JobReturn(overrides=overrides, cfg=config, status=JobStatus.COMPLETED)
            done.return_value = job.run_id
            returns.append(done)
        return returns


class SlurmLauncher(PopulationLauncher):
    """Runs populations as jobs of a Slurm cluster."""

    def __init__(self, **settings: Any) -> None:
        # checked in `cluster`: Hydra would hide an error from here behind one of its own
        self.settings = settings

    def cluster(self) -> Any:
        from adamrepro.execution import Cluster
        from adamrepro.runs.config import section

        return section("hydra.launcher", Cluster, OmegaConf.create(self.settings))
