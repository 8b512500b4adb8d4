"""From planned populations to finished runs: train them, store their runs."""

import platform
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import torch

from adamrepro.data import DataSet
from adamrepro.optim import SfoSettings, can_compile
from adamrepro.paths import CHECKOUT
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import Value
from adamrepro.results.store import GivenUp
from adamrepro.runs.machine import device_name, device_of, set_up_torch, this_machine
from adamrepro.runs.planning import Job, Plan, dataset_of
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
    Progress,
    QuasiNewton,
)

COMPILE_ABOVE = 4e9
"""Steps x parameters x members above which compiling the update pays for its 10-20 seconds
(measured: about 6 ns saved per element and step on one thread)."""


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
            note({**about, "seconds": loop.watch.seconds, "passes": loop.epoch})
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
    machine = this_machine(device_of(config))
    for job, curve in zip(plan.jobs, curves, strict=True):
        plan.store.save(row_of(job, curve, data, loop), curve.rows, machine)
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
    device = device_of(config)
    return {
        "run_id": job.run_id,
        "setting_id": job.setting_id,
        "experiment": config.experiment,
        **job.labels,
        "status": "done" if curve.diverged_epoch is None else "diverged",
        "diverged_epoch": curve.diverged_epoch,
        **config.settings(),
        "data_source": str(data.source),
        "data_sha": data.sha256,
        "seconds": loop.watch.seconds / members,
        "cpu_seconds": loop.watch.cpu_seconds / members,
        "optimizer_mb": round(loop.population.optimizer_bytes / members / 1e6, 2),
        "device": device_name(device),
        "threads": config.execution.threads,
        "machine": this_machine(device)["machine"],
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


@lru_cache(maxsize=1)
def commit() -> str:
    """Return the checked out commit, or "" outside a git checkout."""
    if CHECKOUT is None:  # an installed copy may lie in somebody else's
        return ""
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
