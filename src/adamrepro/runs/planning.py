"""From run configurations to populations: the identity of runs, and what trains together."""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from adamrepro.data import Counter, DataSet, Source, load_dataset
from adamrepro.data.bars import shown
from adamrepro.data.sources import uncounted
from adamrepro.optim import ExternalSettings, Rule, structure
from adamrepro.results.layout import table_of
from adamrepro.results.run_id import Value, population_id, run_id, setting_id
from adamrepro.results.store import Store
from adamrepro.runs.config import RunConfig, plain
from adamrepro.runs.machine import device_kind, gpu_memory
from adamrepro.runs.memory import members_that_fit

Member = TypeVar("Member")

GPU_MEMBERS = 64

DATA_SETS_KEPT = 2
"""Data sets, or settings of one, that a process holds in memory."""

_loaded: dict[str, DataSet] = {}


@dataclass(frozen=True)
class Run:
    """A run with its identity."""

    config: RunConfig
    run_id: str
    setting_id: str
    data_sha: str
    source: Source
    examples: int
    """Of the training split."""

    @property
    def labels(self) -> dict[str, Value]:
        """What the run is called; the same run may be called otherwise elsewhere."""
        config = self.config
        return {"series": config.series, "reading": config.reading, "role": config.role}

    @property
    def store(self) -> Store:
        """Where its results belong: single runs and stand-in data have tables of their own."""
        budget = "adhoc" if self.config.role == "single" else self.config.budget
        table = table_of(budget, stand_in=self.source is Source.STAND_IN)
        return Store(self.config.results_root, table, self.config.experiment)


@dataclass(frozen=True)
class Plan:
    """A population to train: runs that differ only in numbers, with the same seed."""

    runs: tuple[Run, ...]

    @property
    def identity(self) -> str:
        return population_id([run.run_id for run in self.runs])

    @property
    def config(self) -> RunConfig:
        return self.runs[0].config

    @property
    def store(self) -> Store:
        return self.runs[0].store

    @property
    def examples(self) -> int:
        """Examples that each member is trained on, counted in every pass."""
        training = self.config.training
        in_pass = (training.epoch_steps or 0) * training.batch_size
        return training.epochs * (in_pass or self.runs[0].examples)

    @property
    def work(self) -> float:
        """How long this takes, relative to others."""
        return self.examples * (4 + len(self.runs) * self.config.model.work)

    @property
    def title(self) -> str:
        c = self.config
        own = c.optimizer.cls if isinstance(c.optimizer, ExternalSettings) else c.optimizer.name
        return f"{c.experiment} {c.series or own} seed {c.seed} x{len(self.runs)}"


def identify(configs: Sequence[RunConfig]) -> list[Run]:
    """Give each run its identity, which needs the checksum of its data."""
    runs = []
    with shown() as counter:
        for config in configs:
            data = dataset_of(config, counter)
            sha, settings = data.sha256, config.settings()
            ids = run_id(settings, sha), setting_id(settings, sha)
            runs.append(Run(config, *ids, sha, data.source, len(data.train)))
    return runs


def plan(runs: Sequence[Run]) -> list[Plan]:
    """Group runs into populations, and leave out what is done.

    Grouping comes first, so that members meet the same companions however often a sweep is
    interrupted.
    """
    groups: dict[tuple[object, ...], dict[str, Run]] = {}
    for run in runs:
        shared = (run.store.tables, run.data_sha, *group_key(run.config))
        groups.setdefault(shared, {}).setdefault(run.run_id, run)
    done: dict[Path, set[str]] = {}
    plans = []
    for group in groups.values():
        members = list(group.values())
        for chunk in evenly(members, fitting_size(members[0].config)):
            store = chunk[0].store
            if store.tables not in done:
                done[store.tables] = store.done()
            finished = done[store.tables]
            missing = [run for run in chunk if run.run_id not in finished]
            # killed while it saved its runs: the checkpoint of all of them is complete
            if missing and store.checkpoint_path(Plan(tuple(chunk)).identity).exists():
                missing = chunk
            if missing:
                plans.append(Plan(tuple(missing)))
    return plans


def evenly(members: list[Member], size: int) -> list[list[Member]]:
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
    """Return the most members of a population, whatever the memory of a GPU."""
    if not isinstance(config.optimizer, Rule):
        return 1  # SFO and external optimizers train one run at a time
    if config.execution.population != "auto":
        return int(config.execution.population)
    on_gpu = device_kind(config) != "cpu"
    return max(GPU_MEMBERS, config.model.cpu_members) if on_gpu else config.model.cpu_members


def fitting_size(config: RunConfig) -> int:
    """Return the most members of a population on this machine.

    A cluster's GPUs may not be here; and who names a number knows their own.
    """
    size = population_size(config)
    memory = gpu_memory() if device_kind(config) == "cuda" else None
    if size == 1 or config.execution.population != "auto" or memory is None:
        return size
    on_each = -(-(config.execution.workers or 1) // max(1, torch.cuda.device_count()))
    return min(size, members_that_fit(config, dataset_of(config), memory // on_each))


def dataset_of(config: RunConfig, counter: Counter = uncounted) -> DataSet:
    """Load the run's data set, once per process and setting."""
    source = dataclasses.asdict(config.data)
    key = repr((config.dataset, source))
    if key not in _loaded:
        while len(_loaded) >= DATA_SETS_KEPT:
            _loaded.pop(next(iter(_loaded)))
        root = Path(source.pop("root"))
        _loaded[key] = load_dataset(config.dataset, root=root, counter=counter, **source)
    return _loaded[key]
