"""Populations as jobs, whatever runs them: submitted, listened to, and closed at their end.

The results folder must be on a file system that this machine and the nodes share: jobs, what they
say and their runs are files in it. Nothing here unpickles any of them: a job says in its outbox, in
JSON, how it ended. submitit does pickle the population that a job is to train, and the job
unpickles that: hence `check_private`.
"""

import os
import stat
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError

from adamrepro.errors import UserError
from adamrepro.execution.board import Board
from adamrepro.execution.cluster.body import JobBody
from adamrepro.execution.cluster.outbox import Inbox
from adamrepro.execution.cluster.settings import Cluster
from adamrepro.files import writing_to
from adamrepro.runs.planning import Plan
from adamrepro.training import End, Ended

LOOKS = 3
"""Looks at an ended job before it counts as failed: a shared file system may be slow to show its
result, and Slurm may requeue it."""

GONE = "GONE"
"""The state of a job that the cluster has forgotten, minutes after its end."""


class NoAnswer(Exception):
    """The cluster does not answer; its controller may be restarting."""


@dataclass
class Submitted:
    """A population and its job; `looks` counts how often the job was seen at its end."""

    plan: Plan
    job: submitit.Job[None]
    inbox: Inbox
    state: str = "PENDING"
    outcome: Ended | None = None
    looks: int = 0


class Jobs(ABC):
    """The jobs of one batch, seen from the process that waits for them.

    stay: whether a job that is told to end saves its state and goes on (see `JobBody`). ended: the
    states in which a job trains no more, though it may be requeued in a moment.
    """

    stay: bool
    ended: tuple[str, ...]

    def __init__(self, plans: Sequence[Plan], cluster: Cluster, board: Board) -> None:
        """Raises UserError where jobs cannot be submitted from here."""
        self.cluster, self.board = cluster, board
        self.backlog = deque(plans)
        self.open: list[Submitted] = []
        config = plans[0].config
        self.folder = (config.results_root / "runs" / "jobs").absolute()
        check_private(self.folder)
        self.executor = cluster.executor(self.folder, config.execution.threads)

    @abstractmethod
    def submit(self) -> None:
        """Submit what may be, or find its jobs again: from the backlog to the open jobs."""

    @abstractmethod
    def states(self) -> dict[str, str]:
        """Return the states of jobs by their ids; raises NoAnswer."""

    @abstractmethod
    def leave(self) -> str:
        """Stop waiting for the open jobs; say what becomes of them, "" for nothing."""

    def submit_new(self, plans: Sequence[Plan]) -> list[Submitted]:
        """Submit populations; raises UserError with the cluster's words if it refuses."""
        for plan in plans:
            plan.store.in_flight.mkdir(parents=True, exist_ok=True)
            outbox_of(plan).unlink(missing_ok=True)
        bodies = [JobBody(plan, outbox_of(plan), stays=self.stay) for plan in plans]
        try:
            with outside_of_jobs():
                jobs = self.executor.submit_array(bodies) if bodies else []
        except (FailedJobError, FailedSubmissionError) as error:
            said = (str(error).strip() or "no message").splitlines()[-1]
            raise UserError(f"hydra/launcher=slurm: {said}; see hydra.launcher.*") from None
        return [self.watch(plan, job) for plan, job in zip(plans, jobs, strict=True)]

    def watch(self, plan: Plan, job: submitit.Job[None]) -> Submitted:
        """Wait for a job from now on."""
        self.open.append(Submitted(plan, job, Inbox(outbox_of(plan))))
        return self.open[-1]

    def look(self) -> None:
        """Pass on what jobs have said, and take note of those that ended."""
        try:
            states = self.states()
        except NoAnswer as error:
            self.board.waiting(str(error))  # jobs do not depend on it
            return
        for each in list(self.open):
            each.state = states.get(each.job.job_id, GONE)
            self.listen(each)
            outcome = self.outcome_of(each)
            if outcome:
                self.close(each, outcome)
        counts = Counter(each.state for each in self.open)
        self.board.waiting(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))

    def listen(self, each: Submitted) -> None:
        for message in each.inbox.read():
            if isinstance(message, Ended):
                each.outcome = message
            else:
                self.board.hear(each.plan, message)

    def outcome_of(self, each: Submitted) -> Ended | None:
        """Say how a job ended, None while it is not over."""
        if each.state not in (*self.ended, GONE):
            each.looks = 0
            return None
        if each.plan.store.done().issuperset(run.run_id for run in each.plan.runs):
            return Ended(End.done)  # whoever else waits for the job may have removed its files
        problem = f"{each.state} without a result"
        if each.outcome:
            if each.outcome.problem:
                return each.outcome
            problem = f"done, but its runs are not to be seen in {each.plan.store.in_flight}"
        each.looks += 1
        return Ended(End.failed, problem) if each.looks >= LOOKS else None

    def close(self, each: Submitted, outcome: Ended) -> None:
        """Take note of the end of a job; the files of a failed one stay, for whoever looks."""
        self.open.remove(each)
        paths = each.job.paths
        if outcome.problem:
            problem = f"{outcome.problem} (job {each.job.job_id}, {paths.stderr})"
            outcome = Ended(End.failed, problem)  # the others' jobs go on
        else:
            files = (paths.stdout, paths.stderr, paths.submitted_pickle, paths.result_pickle)
            for path in (*files, paths.submission_file):  # Slurm has a copy of the last
                path.unlink(missing_ok=True)
            outbox_of(each.plan).unlink(missing_ok=True)
        self.board.hear(each.plan, outcome)


def outbox_of(plan: Plan) -> Path:
    return (plan.store.in_flight / f"{plan.identity}.said").absolute()


def check_private(folder: Path) -> None:
    """Make sure that only this user can put files into the folder from which jobs unpickle.

    A new folder is made so. Raises UserError for one that is another user's, or that the group or
    others may write to.
    """
    with writing_to(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise UserError(
            f"{folder}: belongs to user {found.st_uid}; expected a folder of your own, since jobs "
            "run what lies in it. Choose another one with results=DIR"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(
            f"{folder}: mode {stat.S_IMODE(found.st_mode):o}: others may write to it; expected a "
            f"folder of your own, since jobs run what lies in it. Delete it, or chmod 700 {folder}"
        )


@contextmanager
def outside_of_jobs() -> Iterator[None]:
    """Submit in this block from inside of a job, too, whose settings sbatch would take over."""
    if "SLURM_JOB_ID" not in os.environ:
        yield
        return
    kept = {key: value for key, value in os.environ.items() if key == "SLURM_CONF"}
    with submitit.helpers.clean_env():
        os.environ.update(kept)
        yield
