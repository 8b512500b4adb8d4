"""The one training loop. It knows no model, no optimizer and no data set by name."""

import logging
import math
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from adamrepro.models import Noise
from adamrepro.optim import widest
from adamrepro.training.checkpoint import Checkpoint
from adamrepro.training.listener import NOBODY, Listener, Points, Progress
from adamrepro.training.members import Members
from adamrepro.training.minibatches import Minibatches, Split
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.settings import Training
from adamrepro.training.stopwatch import Stopwatch
from adamrepro.training.streams import stream

log = logging.getLogger(__name__)

REPORT_SECONDS = 0.5
"""Least time between two reports of progress."""

FINITE_CHECK_STEPS = 50
"""Steps between looks for a population of which no member is finite any more."""

SLOW_SAVE = 3.0
"""Seconds to write a checkpoint above which they are written as much less often."""


class Interrupted(Exception):
    """Training was asked to stop; its state is in the checkpoint."""


@dataclass
class MemberCurve:
    """What one member's training gave: rows of its curve, and how it ended."""

    rows: list[dict[str, float]] = field(default_factory=list)
    diverged_epoch: int | None = None


class Loop:
    """Trains one population over its epochs, and can be stopped and resumed at any step.

    `watch` has the time spent on training: clean costs and checkpoints are left out.
    """

    def __init__(
        self,
        population: Members,
        train: Split,
        test: Split | None,
        settings: Training,
        seed: int,
        *,
        checkpoint: Checkpoint | None = None,
        checkpoint_seconds: float = 60.0,
        listener: Listener = NOBODY,
    ) -> None:
        self.population = population
        self.train_split, self.test_split = train, test
        self.settings = settings
        self.seed = seed
        self.checkpoint = checkpoint
        self.checkpoint_seconds = checkpoint_seconds
        self.listener = listener
        self.device = population.parameters[0].device
        order = stream(seed, "order")
        self.order = MinibatchOrder(len(train), settings.batch_size, settings.order, order)
        self.minibatches = Minibatches(train, self.order, self.device)
        self.noise = Noise(stream(seed, "noise", self.device))
        self.curves = [MemberCurve() for _ in population.members]
        self.epoch = 0  # passes finished
        self.watch = Stopwatch()
        self.save_at = math.inf
        self.pass_began: float | None = None  # unknown of a pass that was interrupted
        self.begin_pass()

    @property
    def steps_per_epoch(self) -> int:
        return self.settings.steps_per_epoch(len(self.train_split))

    def begin_pass(self, steps: int = 0) -> None:
        """Set the sums over the present pass to zero; `steps` of it are done."""
        live = len(self.population.members)
        self.steps_in_pass = steps
        self.examples = 0
        self.cost_sum = torch.zeros(live, dtype=widest(self.device), device=self.device)
        self.objective_sum = torch.zeros_like(self.cost_sum)

    def run(self) -> list[MemberCurve]:
        """Train to the end and return one curve per member; raises Interrupted when told to stop.

        Resumes from the checkpoint if there is one: the curves are then those of a training that
        was never interrupted, bit for bit.
        """
        self.resume()
        self.watch.start()
        reported = time.monotonic()
        if self.epoch == 0 and self.steps_in_pass == 0:
            self.add(self.measured({}))
        self.save_at = time.monotonic() + self.checkpoint_seconds
        while self.epoch < self.settings.epochs and self.population.members:
            self.step()
            if self.steps_in_pass >= self.steps_per_epoch or self.all_lost():
                self.end_pass()
            self.watch.lap()
            now = self.watch.wall
            stop = self.listener.should_stop()
            if self.checkpoint and (stop or now > self.save_at):
                self.save(self.checkpoint)
            if stop:
                raise Interrupted
            if now - reported > REPORT_SECONDS:
                self.listener.hear(self.progress())
                reported = now
        return self.curves

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, and say when the next one is due."""
        started = time.monotonic()
        with self.watch.paused():
            checkpoint.save(self.state_dict())
        now = time.monotonic()
        self.save_at = now + self.checkpoint_seconds * max(1.0, (now - started) / SLOW_SAVE)

    def resume(self) -> None:
        """Take up the state in the checkpoint, if there is one that can be used."""
        if self.checkpoint is None:
            return
        state, problem = self.checkpoint.load()
        if problem:
            log.warning(problem)
        if state is not None and len(state["noise"]) != len(self.noise.generator.get_state()):
            log.warning(
                f"{self.checkpoint.path}: checkpoint of another kind of device, starting over"
            )
        elif state is not None:
            self.load_state_dict(state)
            known = [(m, row) for m, curve in enumerate(self.curves) for row in curve.rows]
            self.listener.hear(Points(known))

    def step(self) -> None:
        """Train on one minibatch and add up its costs, weighted by its examples."""
        taken = self.population.step(self.minibatches, self.noise, self.epoch + 1)
        self.cost_sum += taken.cost * taken.examples
        self.objective_sum += taken.objective * taken.examples
        self.examples += taken.examples
        self.steps_in_pass += taken.evaluations

    def all_lost(self) -> bool:
        """Say, now and then, whether no member's cost is finite: the pass need not go on."""
        due = self.steps_in_pass % FINITE_CHECK_STEPS == 0
        return due and not bool(self.cost_sum.isfinite().any())

    def end_pass(self) -> None:
        """Record the costs of the pass, and drop the members that diverged in it."""
        self.epoch += 1
        costs = {
            "train_cost": (self.cost_sum / self.examples).tolist(),
            "train_objective": (self.objective_sum / self.examples).tolist(),
        }
        lost = [not cost <= self.settings.diverged_above for cost in costs["train_cost"]]
        rows = self.drop(lost, costs["train_cost"])
        if self.population.members:
            measured = self.measured(
                {
                    key: [value for value, is_lost in zip(column, lost, strict=True) if not is_lost]
                    for key, column in costs.items()
                }
            )
            # the mean of a pass does not show who was lost in its last steps
            lost = [not math.isfinite(row.get("train_nll", 0.0)) for row in measured.values()]
            gone = self.drop(lost, [row["train_cost"] for row in measured.values()])
            rows |= measured | gone
        self.add(rows)
        self.begin_pass(max(0, self.steps_in_pass - self.steps_per_epoch))

    def drop(self, lost: list[bool], train_cost: list[float]) -> dict[int, dict[str, float]]:
        """Drop those of the live members that diverged in this pass; return their last rows."""
        rows = {}
        for row, member in enumerate(self.population.members):
            if lost[row]:
                self.curves[member].diverged_epoch = self.epoch
                rows[member] = {"epoch": self.epoch, "train_cost": train_cost[row]}
        if rows:
            self.population.keep([row for row, is_lost in enumerate(lost) if not is_lost])
        return rows

    def measured(self, costs: dict[str, list[float]]) -> dict[int, dict[str, float]]:
        """Return every live member's new row, with the clean costs where they are due."""
        columns = dict(costs)
        if self.epoch % self.settings.evaluate_every == 0 or self.epoch == self.settings.epochs:
            with self.watch.paused():
                # before the first step: nothing is trained on what a model cannot take
                evaluate = partial(self.population.evaluate, seed=self.seed, check=self.epoch == 0)
                train_nll, _ = evaluate(self.train_split)
                columns["train_nll"] = train_nll.tolist()
                if self.test_split is not None:
                    test_nll, test_error = evaluate(self.test_split)
                    columns["test_nll"] = test_nll.tolist()
                    if test_error is not None:
                        columns["test_error"] = test_error.tolist()
        return {
            member: {"epoch": self.epoch, **{key: column[row] for key, column in columns.items()}}
            for row, member in enumerate(self.population.members)
        }

    def add(self, rows: dict[int, dict[str, float]]) -> None:
        """Add a row to the curves of these members, and tell it."""
        for member, row in rows.items():
            self.curves[member].rows.append(row)
        now = time.monotonic()
        took = now - self.pass_began if self.pass_began is not None else 0.0
        self.pass_began = now
        rate = self.examples / took if self.examples and took else None
        self.listener.hear(Points(list(rows.items()), rate))

    def progress(self) -> Progress:
        mean = self.cost_sum / max(self.examples, 1)
        best = float(mean.nan_to_num(math.inf).min()) if len(mean) and self.examples else math.nan
        return Progress(
            steps=self.epoch * self.steps_per_epoch + self.steps_in_pass,
            total_steps=self.settings.epochs * self.steps_per_epoch,
            epoch=self.epoch,
            live=len(self.population.members),
            best_cost=best,
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything a resumed loop needs to go on as if nothing had happened."""
        return {
            "population": self.population.state_dict(),
            "order": self.order.state_dict(),
            "noise": self.noise.generator.get_state(),
            "epoch": self.epoch,
            "seconds": self.watch.seconds,
            "cpu_seconds": self.watch.cpu_seconds,
            "steps_in_pass": self.steps_in_pass,
            "examples": self.examples,
            "cost_sum": self.cost_sum,
            "objective_sum": self.objective_sum,
            "curves": [[curve.rows, curve.diverged_epoch] for curve in self.curves],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave, in a loop built from the same arguments."""
        self.population.load_state_dict(state["population"])
        self.order.load_state_dict(state["order"])
        self.noise.generator.set_state(state["noise"])
        self.epoch = state["epoch"]
        self.watch = Stopwatch(state["seconds"], state["cpu_seconds"])
        self.steps_in_pass, self.examples = state["steps_in_pass"], state["examples"]
        self.cost_sum = state["cost_sum"].to(self.device)
        self.objective_sum = state["objective_sum"].to(self.device)
        self.curves = [MemberCurve(rows, diverged) for rows, diverged in state["curves"]]
