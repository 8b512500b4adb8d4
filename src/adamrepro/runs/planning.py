"""From run configurations to populations: the identity of runs, and what trains together."""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from adamrepro.data import DataSet, Source, load_dataset
from adamrepro.data import Progress as Counter
from adamrepro.data.console import console_progress
from adamrepro.data.sources import no_progress
from adamrepro.optim import SfoSettings, structure
from adamrepro.results.run_id import Value, population_id, run_id, setting_id
from adamrepro.results.store import Store
from adamrepro.runs.config import RunConfig, plain
from adamrepro.runs.machine import device_kind

Member = TypeVar("Member")

GPU_MEMBERS = 64

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
        for chunk in split(members, population_size(members[0].config)):
            store = chunk[0].store
            finished = done.setdefault(store.tables, store.done())
            missing = [job for job in chunk if job.run_id not in finished]
            # killed while it saved its runs: the checkpoint of all of them is complete
            if missing and store.checkpoint_path(Plan(tuple(chunk)).identity).exists():
                missing = chunk
            if missing:
                plans.append(Plan(tuple(missing)))
    return plans


def split(members: list[Member], size: int) -> list[list[Member]]:
    """Cut members into as few populations of at most `size` as there can be, as even as can be."""
    count = -(-len(members) // size)
    cuts = [len(members) * number // count for number in range(count + 1)]
    return [members[start:end] for start, end in itertools.pairwise(cuts)]


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
