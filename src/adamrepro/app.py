"""From run configurations to finished runs: plan populations, train them, store their runs."""

import ctypes
import dataclasses
import logging
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from adamrepro.config import RunConfig, plain
from adamrepro.data import DataSet, Source, load_dataset
from adamrepro.data import Progress as Counter
from adamrepro.data.console import console_progress
from adamrepro.data.sources import no_progress
from adamrepro.errors import UserError
from adamrepro.optim import SfoSettings, can_compile, structure
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import Value, population_id, run_id, setting_id
from adamrepro.results.store import GivenUp, Store
from adamrepro.tracking.feed import Feed, News
from adamrepro.tracking.settings import Tracker
from adamrepro.training import (
    Checkpoint,
    Compile,
    Interrupted,
    Loop,
    MemberCurve,
    Members,
    Population,
    Precision,
    Progress,
    QuasiNewton,
)

log = logging.getLogger(__name__)

COMPILE_ABOVE = 4e9
"""Steps x parameters x members above which compiling the update pays for its 10-20 seconds
(measured: about 6 ns saved per element and step on one thread)."""

GPU_MEMBERS = 64

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's mallopt

DATA_SETS_KEPT = 2
"""Data sets, or settings of one, that a process holds in memory."""

_loaded: dict[str, DataSet] = {}


@dataclass(frozen=True)
class Job:
    """A run with its identity."""

    config: RunConfig
    run_id: str
    setting_id: str
    source: Source

    @property
    def labels(self) -> dict[str, Value]:
        """What the run is called; the same run may be called otherwise elsewhere."""
        config = self.config
        return {"series": config.series, "reading": config.reading, "role": config.role}

    @property
    def store(self) -> Store:
        """Where its results belong: single runs and stand-in data have tables of their own."""
        budget = "adhoc" if self.config.role == "single" else self.config.budget
        table = f"{budget}-stand-in" if self.source is Source.STAND_IN else budget
        return Store(self.config.results_root, table, self.config.experiment)


@dataclass(frozen=True)
class Plan:
    """A population to train: jobs that differ only in numbers, with the same seed."""

    jobs: tuple[Job, ...]

    @property
    def identity(self) -> str:
        return population_id([job.run_id for job in self.jobs])

    @property
    def config(self) -> RunConfig:
        return self.jobs[0].config

    @property
    def store(self) -> Store:
        return self.jobs[0].store

    @property
    def examples(self) -> int:
        """Examples that each member is trained on, counted in every pass."""
        training = self.config.training
        in_pass = len(dataset_of(self.config).train)
        if training.epoch_steps:
            in_pass = training.epoch_steps * training.batch_size
        return training.epochs * in_pass

    @property
    def work(self) -> float:
        """How long this takes, relative to others of the same experiment."""
        return float(self.examples * (4 + len(self.jobs)))

    @property
    def title(self) -> str:
        c = self.config
        return f"{c.experiment} {c.series or c.optimizer.name} seed {c.seed} x{len(self.jobs)}"


def identify(configs: Sequence[RunConfig]) -> list[Job]:
    """Give each run its identity, which needs the checksum of its data."""
    jobs = []
    with console_progress() as progress:
        for config in configs:
            data = dataset_of(config, progress)
            sha, settings = data.sha256, config.settings()
            jobs.append(Job(config, run_id(settings, sha), setting_id(settings, sha), data.source))
    return jobs


def plan(jobs: Sequence[Job]) -> list[Plan]:
    """Group jobs into populations, and leave out what is done.

    Grouping comes first, so that members meet the same companions however often a sweep is
    interrupted.
    """
    groups: dict[tuple[object, ...], dict[str, Job]] = {}
    for job in jobs:
        groups.setdefault(group_key(job.config), {}).setdefault(job.run_id, job)
    done: dict[Path, set[str]] = {}
    plans = []
    for group in groups.values():
        members = list(group.values())
        size = population_size(members[0].config)
        for start in range(0, len(members), size):
            chunk = members[start : start + size]
            store = chunk[0].store
            finished = done.setdefault(store.tables, store.done())
            missing = [job for job in chunk if job.run_id not in finished]
            # killed while it saved its runs: the checkpoint of all of them is complete
            if missing and store.checkpoint_path(Plan(tuple(chunk)).identity).exists():
                missing = chunk
            if missing:
                plans.append(Plan(tuple(missing)))
    return plans


def group_key(config: RunConfig) -> tuple[object, ...]:
    """What members of a population share."""
    training = {k: v for k, v in plain(config.training).items() if k != "l2"}
    return (
        config.experiment,
        config.budget,
        config.role == "single",
        config.seed,
        *(repr(plain(part)) for part in (config.dataset, config.model, config.schedule)),
        repr(training),
        structure(config.optimizer),
    )


def population_size(config: RunConfig) -> int:
    if isinstance(config.optimizer, SfoSettings):
        return 1  # its subspace is of one run
    if config.population.size != "auto":
        return int(config.population.size)
    on_gpu = device_kind(config) != "cpu"
    return max(GPU_MEMBERS, config.model.cpu_members) if on_gpu else config.model.cpu_members


def train(
    plan: Plan,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_news: Callable[[Sequence[News]], None] = lambda news: None,
) -> None:
    """Train a population and save its runs; resumes from its checkpoint.

    Holds the population's lock: another process with the same population waits, then finds the
    runs done. Raises Interrupted when told to stop.
    """
    try:
        with plan.store.lock(plan.identity, should_stop) as note:
            if all(job.run_id in plan.store.done() for job in plan.jobs):
                return
            about = {
                "host": platform.node(),
                "device": device_name(device_of(plan.config)),
                "runs": [as_text(job.config.settings()) for job in plan.jobs],
            }
            note(about)
            loop = train_locked(plan, on_progress, should_stop, on_news)
            note({**about, "seconds": loop.seconds, "passes": loop.epoch})
    except GivenUp:
        raise Interrupted from None


def train_locked(
    plan: Plan,
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    on_news: Callable[[Sequence[News]], None],
) -> Loop:
    """Train a population whose lock is held; returns its loop, at the end of its work."""
    config = plan.config
    set_up_torch(config)
    data = dataset_of(config)
    checkpoint = Checkpoint(plan.store.checkpoint_path(plan.identity), plan.identity)
    loop = build_loop(plan, data, checkpoint, on_progress, should_stop)
    if config.tracking.name is not Tracker.none:
        feed = Feed([row_of(job, MemberCurve(), data, loop) for job in plan.jobs])
        loop.on_epoch = lambda _: on_news(feed.news(loop.curves, loop.examples))
    curves = loop.run()
    checkpoint.save(loop.state_dict())
    for job, curve in zip(plan.jobs, curves, strict=True):
        plan.store.save(row_of(job, curve, data, loop), curve.rows)
    checkpoint.remove()
    return loop


def build_loop(
    plan: Plan,
    data: DataSet,
    checkpoint: Checkpoint | None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Loop:
    """Build the loop that trains a population."""
    config = plan.config
    device = device_of(config)
    return Loop(
        build_members(plan, data, device),
        data.train.to(device),
        data.test.to(device),
        config.training,
        config.seed,
        checkpoint=checkpoint,
        checkpoint_seconds=config.execution.checkpoint_seconds,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def build_members(plan: Plan, data: DataSet, device: torch.device) -> Members:
    """Build what the loop trains: a population of an update rule, or a run of SFO."""
    config = plan.config
    common: Any = {
        "shape": data.train.shape,
        "classes": data.classes,
        "seed": config.seed,
        "device": device,
        "precision": config.training.precision,
    }
    penalties = [job.config.training.l2 for job in plan.jobs]
    if isinstance(config.optimizer, SfoSettings):
        minibatches = -(-len(data.train) // config.training.batch_size)
        return QuasiNewton(
            config.model, config.optimizer, penalties[0], minibatches=minibatches, **common
        )
    rules: Any = [job.config.optimizer for job in plan.jobs]
    compiled = compile_update(plan, data)
    return Population(config.model, rules, penalties, config.schedule, compiled=compiled, **common)


def compile_update(plan: Plan, data: DataSet) -> bool:
    """Decide whether compiling pays: from the whole run's size alone, so that resuming agrees."""
    config = plan.config
    if config.training.compile is not Compile.auto:
        return config.training.compile is Compile.on
    with torch.device("meta"):
        model = config.model.build(len(plan.jobs), data.train.shape, data.classes)
    elements = sum(p.numel() for p in model.parameters())
    per_epoch = config.training.epoch_steps or len(data.train) // config.training.batch_size
    return can_compile() and elements * per_epoch * config.training.epochs > COMPILE_ABOVE


def row_of(job: Job, curve: MemberCurve, data: DataSet, loop: Loop) -> dict[str, Value]:
    """Return the run's row of runs.csv; time and memory are a member's share."""
    config, members = job.config, len(loop.curves)
    return {
        "run_id": job.run_id,
        "setting_id": job.setting_id,
        "experiment": config.experiment,
        **job.labels,
        "status": "done" if curve.diverged_epoch is None else "diverged",
        "diverged_epoch": curve.diverged_epoch,
        **config.settings(),
        "data_source": str(data.source),
        "data_sha": data.sha256[:12],
        "seconds": round(loop.seconds / members, 1),
        "optimizer_mb": round(loop.population.optimizer_bytes / members / 1e6, 2),
        "device": device_name(device_of(config)),
        "threads": config.execution.threads,
        "torch": torch.__version__,
        "commit": commit(),
    }


def device_kind(config: RunConfig) -> str:
    """Return cpu, cuda or mps: what `auto` means here. A named one need not be on this machine.

    `auto` leaves mps to those who ask for it: it has no float64 for coefficients and sums.
    """
    name = config.execution.device
    return name if name != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def device_of(config: RunConfig) -> torch.device:
    """Return the device to train on; raises UserError for one that is not here."""
    name = device_kind(config)
    missing = (name == "cuda" and not torch.cuda.is_available()) or (
        name == "mps" and not torch.backends.mps.is_available()
    )
    if missing:
        raise UserError(f"execution.device={name}: not available here; use cpu or auto")
    return torch.device(name)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def set_up_torch(config: RunConfig) -> None:
    """Set what is global in torch: threads, denormals, TF32, which kernels cuDNN may choose."""
    torch.set_num_threads(config.execution.threads)
    keep_freed_memory()
    # decaying state (0.9^t of RMSProp on rare words) ends in denormals, 10 times slower on CPUs
    torch.set_flush_denormal(True)
    tf32 = config.training.precision is Precision.tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    # some of its convolutions add in an order that changes between runs: resuming would show it
    torch.backends.cudnn.deterministic = True
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def keep_freed_memory() -> None:
    """Let glibc reuse the memory of freed tensors instead of returning it to the system.

    Each step allocates the same large tensors anew; fresh pages are cleared by the system at first
    touch (measured: 18 % of a step of the ConvNet; nothing where tensors are small).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def dataset_of(config: RunConfig, progress: Counter = no_progress) -> DataSet:
    """Load the run's data set, once per process and setting."""
    source = dataclasses.asdict(config.data)
    key = repr((config.dataset, source))
    if key not in _loaded:
        while len(_loaded) >= DATA_SETS_KEPT:
            _loaded.pop(next(iter(_loaded)))
        root = Path(source.pop("root"))
        _loaded[key] = load_dataset(config.dataset, root=root, progress=progress, **source)
    return _loaded[key]


@lru_cache(maxsize=1)
def commit() -> str:
    """Return the checked out commit, or "" outside a git checkout."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
