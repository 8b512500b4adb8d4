"""From planned populations to finished runs: train them, store their runs."""

import platform
from datetime import UTC, datetime
from typing import Any

import torch

from adamrepro.data import DataSet
from adamrepro.optim import ExternalSettings, SfoSettings, compiling_pays
from adamrepro.results.commits import trained_at
from adamrepro.results.kinds import Status
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import Value
from adamrepro.results.store import GivenUp
from adamrepro.runs.config import Compile
from adamrepro.runs.machine import (
    device_name,
    device_of,
    return_freed_memory,
    set_up_torch,
    this_machine,
)
from adamrepro.runs.planning import Plan, Run, dataset_of
from adamrepro.runs.task import task_of
from adamrepro.training import (
    NOBODY,
    Checkpoint,
    External,
    Interrupted,
    Listener,
    Loop,
    MemberCurve,
    Members,
    Population,
    QuasiNewton,
    Started,
)
from adamrepro.training.order import batches_in


def train(plan: Plan, listener: Listener = NOBODY) -> None:
    """Train a population and save its runs; resumes from its checkpoint.

    Holds the population's lock: another process with the same population waits, then finds the
    runs done. The listener hears rows, progress and points. Raises Interrupted when told to stop.
    """
    try:
        with plan.store.lock(plan.identity, listener.should_stop) as note:
            if plan.store.done().issuperset(run.run_id for run in plan.runs):
                return
            about = {
                "host": platform.node(),
                "device": device_name(device_of(plan.config)),
                "threads": plan.config.execution.threads,
                "runs": [as_text(run.config.settings()) for run in plan.runs],
            }
            note(about)
            loop = train_locked(plan, listener)
            watch = {"seconds": loop.watch.seconds, "cpu_seconds": loop.watch.cpu_seconds}
            note({**about, **watch, "passes": loop.epoch})
    except GivenUp:
        raise Interrupted from None


def train_locked(plan: Plan, listener: Listener) -> Loop:
    """Train a population whose lock is held; returns its loop, at the end of its work."""
    config = plan.config
    return_freed_memory()
    set_up_torch(config)
    data = dataset_of(config)
    checkpoint = Checkpoint(plan.store.checkpoint_path(plan.identity), plan.identity)
    loop = build_loop(plan, data, checkpoint, listener)
    started = [as_text(row_of(run, MemberCurve(), data, loop, "running")) for run in plan.runs]
    listener.hear(Started(started))
    curves = loop.run()
    checkpoint.save(loop.state_dict())
    machine = this_machine(device_of(config))
    for run, curve in zip(plan.runs, curves, strict=True):
        plan.store.save(row_of(run, curve, data, loop), curve.rows, machine)
    checkpoint.remove()
    return loop


def build_loop(
    plan: Plan, data: DataSet, checkpoint: Checkpoint | None, listener: Listener = NOBODY
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
        listener=listener,
    )


def build_members(plan: Plan, data: DataSet, device: torch.device) -> Members:
    """Build what the loop trains: a population of a rule, or a run of SFO or an external class."""
    config = plan.config
    task = task_of(config, data, device)
    penalties = [run.config.training.l2 for run in plan.runs]
    if isinstance(config.optimizer, SfoSettings):
        minibatches = batches_in(len(data.train), config.training.batch_size)
        return QuasiNewton(task, config.optimizer, penalties[0], minibatches=minibatches)
    if isinstance(config.optimizer, ExternalSettings):
        return External(task, config.optimizer, penalties[0], config.schedule)
    rules: Any = [run.config.optimizer for run in plan.runs]
    compiled = compile_update(plan, data)
    return Population(task, rules, penalties, config.schedule, compiled=compiled)


def compile_update(plan: Plan, data: DataSet) -> bool:
    """Decide whether compiling pays: from the whole run's size alone, so that resuming agrees."""
    config = plan.config
    if config.execution.compile is not Compile.auto:
        return config.execution.compile is Compile.on
    with torch.device("meta"):
        model = config.model.build(len(plan.runs), data.train.shape, data.classes)
    elements = sum(p.numel() for p in model.parameters())
    steps = config.training.epochs * config.training.steps_per_epoch(len(data.train))
    return compiling_pays(elements, steps)


def row_of(
    run: Run, curve: MemberCurve, data: DataSet, loop: Loop, status: str = Status.DONE
) -> dict[str, Value]:
    """Return the run's row of runs.csv; time and memory are a member's share.

    status: of a run that has not diverged.
    """
    config, members = run.config, len(loop.curves)
    device = device_of(config)
    return {
        "run_id": run.run_id,
        "setting_id": run.setting_id,
        "experiment": config.experiment,
        **run.labels,
        "status": status if curve.diverged_epoch is None else Status.DIVERGED,
        "diverged_epoch": curve.diverged_epoch,
        **config.settings(),
        "data_source": str(data.source),
        "data_sha": data.sha256,
        "seconds": loop.watch.seconds / members,
        "cpu_seconds": loop.watch.cpu_seconds / members,
        "optimizer_mb": round(loop.population.optimizer_bytes / 1e6, 2),
        "device": device_name(device),
        "threads": config.execution.threads,
        "machine": this_machine(device)["machine"],
        "commit": trained_at(),
        "date": datetime.now(UTC).date().isoformat(),
    }
