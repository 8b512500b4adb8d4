"""What a population's job asks of the cluster, as submitit and sbatch are told it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import submitit

from adamrepro.errors import UserError, require
from adamrepro.ranges import check_ranges, positive, whole
from adamrepro.runs.config import RunConfig


class Where(Enum):
    """slurm: jobs of Slurm; local: submitit's processes on this machine, to try things out."""

    slurm = "slurm"
    local = "local"


@dataclass(kw_only=True)
class Cluster:
    """Settings of a job, named as submitit names them; null leaves a choice to the cluster.

    timeout_min: minutes of one job; a population that needs longer is requeued and goes on.
    signal_delay_s: how long before its end a job is told to save its state and requeue itself.
    max_num_timeout: how often a population may run out of time.
    cpus_per_task: of a population; null is execution.threads.
    array_parallelism: populations in training at a time.
    setup: shell commands before each job, such as `module load`.
    additional_parameters: any further options of sbatch, {mail-user: me}.
    poll_seconds: time between two looks at the queue.
    """

    cluster: Where = Where.slurm
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    timeout_min: int = whole(240)
    signal_delay_s: int = 120
    max_num_timeout: int = 20
    cpus_per_task: int | None = whole(None)
    gpus_per_node: int = 0
    mem_gb: float | None = 8.0
    array_parallelism: int = whole(100)
    setup: list[str] = field(default_factory=list)
    additional_parameters: dict[str, Any] = field(default_factory=dict)
    poll_seconds: float = positive(10.0)

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        check_ranges("hydra.launcher", self)
        check(self.max_num_timeout >= 0, "max_num_timeout", self.max_num_timeout, "0 or above")
        ok = 0 < self.signal_delay_s < 60 * self.timeout_min
        expected = "seconds, fewer than timeout_min gives"
        check(ok, "signal_delay_s", self.signal_delay_s, expected)
        gpus = self.gpus_per_node
        check(gpus in (0, 1), "gpus_per_node", gpus, "0 or 1: a population trains on one GPU")
        check(self.mem_gb is None or self.mem_gb > 0, "mem_gb", self.mem_gb, "a number above 0")

    def placed(self, configs: Sequence[RunConfig]) -> list[RunConfig]:
        """Return the configs with the device of the jobs: `auto` would look at this machine's.

        Raises UserError for a device that the jobs will not have.
        """
        device = "cuda" if self.gpus_per_node else "cpu"
        placed = []
        for config in configs:
            asked = config.execution.device
            expected = f"auto or {device}, as hydra.launcher.gpus_per_node={self.gpus_per_node}"
            require(asked in ("auto", device), "execution.device", asked, expected)
            execution = dataclasses.replace(config.execution, device=device)
            placed.append(dataclasses.replace(config, execution=execution))
        return placed

    def executor(self, folder: Path, threads: int) -> submitit.AutoExecutor:
        """Return what submits jobs, their files in `folder`; raises UserError where it cannot."""
        limits = {f"{self.cluster.value}_max_num_timeout": self.max_num_timeout}
        try:
            executor = submitit.AutoExecutor(folder, cluster=self.cluster.value, **limits)
        except RuntimeError:
            raise UserError(
                "hydra/launcher=slurm: there is no srun on this machine; call from one that "
                "submits jobs, or try things out with hydra.launcher.cluster=local"
            ) from None
        cpus = self.cpus_per_task or threads
        executor.update_parameters(
            name="adamrepro",
            timeout_min=self.timeout_min,
            cpus_per_task=cpus,
            gpus_per_node=self.gpus_per_node or None,
            mem_gb=self.mem_gb,
            slurm_partition=self.partition,
            slurm_account=self.account,
            slurm_qos=self.qos,
            slurm_constraint=self.constraint,
            slurm_signal_delay_s=self.signal_delay_s,
            slurm_array_parallelism=self.array_parallelism,
            slurm_setup=self.setup or None,
            local_setup=self.setup or None,
            slurm_srun_args=[f"--cpus-per-task={cpus}"],  # from 22.05 on srun asks for it itself
            slurm_additional_parameters={"requeue": True, **self.additional_parameters},
        )
        return executor


def check(ok: bool, key: str, value: object, expected: str) -> None:
    require(ok, f"hydra.launcher.{key}", value, expected)
