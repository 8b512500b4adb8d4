"""How long runs will take, by what was measured so far."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from adamrepro.results.kinds import Status
from adamrepro.results.layout import is_stand_in
from adamrepro.results.machines import read_machines
from adamrepro.results.rows import Row, read_rows
from adamrepro.results.run_id import SettingsKey, settings_of
from adamrepro.results.store import Store
from adamrepro.runs.config import RunConfig
from adamrepro.runs.machine import cores, device_name, device_of, this_machine
from adamrepro.runs.planning import evenly, population_size
from adamrepro.status.rates import Rate, Rates, examples_in_pass, work_left


@dataclass(frozen=True)
class Pace:
    """How far a population has come: passes, and the seconds they took."""

    passes: float
    seconds: float


@dataclass(frozen=True)
class Duration:
    """Seconds that are left: of what can be told, whether that is all, and measured here."""

    seconds: float = 0.0
    whole: bool = True
    here: bool = True


def time_left(
    groups: Iterable[dict[SettingsKey, RunConfig]],
    started: Mapping[SettingsKey, Pace],
    rates: Rates,
) -> Duration:
    """Estimate the time until all these runs are done, in populations side by side.

    groups: runs that may share a population. A population's own pace counts first, then the rate
    of others.
    """
    durations: list[Rate | None] = []
    workers = 1
    for group in groups:
        members = list(group)
        config = group[members[0]]
        workers = side_by_side(config)
        # what was started is one population already, however large
        size = len(members) if members[0] in started else population_size(config)
        for chunk in evenly(members, size):
            durations.append(seconds_of(chunk, config, started.get(chunk[0]), rates))
    known = [duration for duration in durations if duration]
    return Duration(
        makespan([duration.seconds for duration in known], workers),
        whole=len(known) == len(durations),
        here=all(duration.here for duration in known),
    )


def seconds_of(
    members: Sequence[SettingsKey], config: RunConfig, pace: Pace | None, rates: Rates
) -> Rate | None:
    """Estimate the seconds that a population still needs; None if nothing like it was measured."""
    settings = dict(members[0])
    if pace and pace.passes > 0:
        trained = pace.passes * examples_in_pass(settings)
        return Rate(pace.seconds / trained * work_left(settings, pace.passes), here=True)
    rate = rates.of(settings, device_name(device_of(config)))
    if rate is None:
        return None
    return Rate(rate.seconds * work_left(settings) * len(members), rate.here)


def makespan(durations: Sequence[float], workers: int) -> float:
    """Time until all are done if each worker takes the longest that is left."""
    busy = [0.0] * workers
    for duration in sorted(durations, reverse=True):
        busy[busy.index(min(busy))] += duration
    return max(busy)


def side_by_side(config: RunConfig) -> int:
    """How many populations are trained at once on this machine."""
    gpus = torch.cuda.device_count() if device_of(config).type == "cuda" else 0
    return config.execution.workers or gpus or cores()


def seconds_alone(row: Mapping[str, Any]) -> float:
    """Seconds of training, without those in which a busy machine let it wait, where known."""
    busy = float(row.get("cpu_seconds") or 0) / float(row.get("threads") or 1)
    return busy if busy and row["device"] == "cpu" else float(row["seconds"])


def is_like_this(machine: Row | None) -> bool:
    """Whether a machine has the processor, or the GPU, of this one."""
    if machine is None:
        return False
    if machine["gpu"]:
        return machine["gpu"] in {
            device_name(torch.device("cuda", i)) for i in range(torch.cuda.device_count())
        }
    this = this_machine(torch.device("cpu"))
    return all(machine[key] == this[key] for key in ("processor", "instructions"))


def measured(results: Path, *others: Path, stand_in: bool) -> Rates:
    """Collect the rates of everything trained into a results folder, with data or with stand-ins.

    others: results folders of which only the tables count. Tables name the machine of a run, but
    for older ones; populations that were trained here left notes.
    """
    rates = Rates()
    tables = [path for root in (results, *others) for path in sorted(root.glob("*/*/runs.csv"))]
    for path in tables:
        if is_stand_in(path.parts[-3]) is stand_in:
            machines = read_machines(path.parent)
            for row in read_rows(path):
                if row.get("status") == Status.DONE:
                    rates.add(
                        settings_of(row),
                        row["device"],
                        seconds=seconds_alone(row),
                        passes=float(row["training.epochs"]),
                        here=is_like_this(machines.get(row.get("machine", ""))),
                    )
    for folder in sorted((results / "runs").glob("*/*/")):
        store = Store(results, folder.parent.name, folder.name)
        if is_stand_in(store.table) is not stand_in:
            continue
        for _, _, note in store.locks():
            if note.get("host") == platform.node() and note.get("seconds"):
                members, passes = note["runs"], note["passes"]
                share = seconds_alone(note) / len(members)
                settings = settings_of(members[0])
                rates.add(settings, note["device"], seconds=share, passes=passes, here=True)
    return rates
