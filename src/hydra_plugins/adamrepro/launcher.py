"""The launcher: a whole batch of runs, grouped into populations that train as one program."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from adamrepro.execution import Cluster, run_batch
from adamrepro.experiments.compose import Composer
from adamrepro.runs.config import section, to_run_config


class PopulationLauncher(Launcher):
    """Runs populations in worker processes on this machine."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.composer = Composer(hydra_context.config_loader, config)

    def cluster(self) -> Cluster | None:
        """Return the settings of the cluster to train on, None for this machine."""
        return None

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Bring all runs into the tables; each one's return value is its run_id."""
        setup_globals()
        composed = [self.composer.compose(overrides) for overrides in job_overrides]
        configs = [to_run_config(config) for config in composed]
        runs = run_batch(configs, processes=True, cluster=self.cluster())
        returns = []
        for overrides, config, run in zip(job_overrides, composed, runs, strict=True):
            done = JobReturn(overrides=overrides, cfg=config, status=JobStatus.COMPLETED)
            done.return_value = run.run_id
            returns.append(done)
        return returns


class SlurmLauncher(PopulationLauncher):
    """Runs populations as jobs of a Slurm cluster."""

    def __init__(self, **settings: Any) -> None:
        # checked in `cluster`: Hydra would hide an error from here behind one of its own
        self.settings = settings

    def cluster(self) -> Cluster:
        settings: Cluster = section("hydra.launcher", Cluster, OmegaConf.create(self.settings))
        return settings
