"""Populations as jobs of a cluster: one array, a population per task.

The results folder must be on a file system that this machine and the nodes share: jobs, their
progress and their runs are files in it. A job goes on when its parent has ended; the same command
finds it again by the file `<population>.job` in the store, and waits for it.
"""

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError, pickle_load

from adamrepro.errors import UserError
from adamrepro.execution.cluster.outbox import Inbox
from adamrepro.execution.cluster.queue import ENDED, GONE, NoAnswer, local_states, slurm_states
from adamrepro.execution.cluster.settings import Cluster, Where
from adamrepro.execution.cluster.task import Task
from adamrepro.execution.report import Console, Report, Stopped
from adamrepro.execution.serial import interrupts_blocked, stop_on
from adamrepro.runs.planning import Plan
from adamrepro.training import Progress

LOOKS = 3
"""Looks at an ended job before it counts as failed: a shared file system may be slow to show its
result, and Slurm may requeue it."""

GRACE_SECONDS = 30.0
"""Time that local jobs have to save their state after they were told to stop."""


@dataclass
class Submitted:
    """A population and its job; `looks` counts how often the job was seen at its end."""

    plan: Plan
    job: submitit.Job[str]
    inbox: Inbox
    state: str = "PENDING"
    looks: int = 0


def run_on_cluster(plans: Sequence[Plan], cluster: Cluster, console: Console) -> Report:
    """Submit populations, or find their jobs again, and wait for them.

    Raises UserError for jobs that the cluster refuses, and Stopped on Ctrl-C or SIGTERM: jobs of
    Slurm go on then, local ones save their state and leave.
    """
    console.begin(plans)
    with stop_on(signal.SIGINT, signal.SIGTERM) as flag:
        run = ClusterRun(plans, cluster, console)
        try:
            while run.backlog or run.open:
                run.submit()
                run.look()
                end = time.monotonic() + cluster.poll_seconds * bool(run.open)
                while time.monotonic() < end and not flag():
                    time.sleep(0.05)
                if flag():
                    raise Stopped(run.farewell())
        finally:
            if cluster.cluster is Where.local:
                run.stop_local_jobs()
    return run.report


class ClusterRun:
    """The jobs of one batch, seen from the process that waits for them."""

    def __init__(self, plans: Sequence[Plan], cluster: Cluster, console: Console) -> None:
        self.cluster, self.console = cluster, console
        self.backlog = deque(plans)
        self.open: list[Submitted] = []
        self.report = Report()
        config = plans[0].config
        self.folder = (config.results_root / "runs" / "jobs").absolute()
        self.executor = cluster.executor(self.folder, config.execution.threads)

    def submit(self) -> None:
        """Submit what may be: to Slurm all at once, which then keeps to array_parallelism."""
        if not self.backlog:
            return
        if self.cluster.cluster is Where.local:
            count = min(len(self.backlog), self.cluster.array_parallelism - len(self.open))
            plans = [self.backlog.popleft() for _ in range(count)]
            with interrupts_blocked():  # Ctrl-C is for this process to handle
                self.submit_new(plans)
            return
        with self.backlog[0].store.lock("jobs"):  # another parent may be about to do the same
            try:
                states = slurm_states()
            except NoAnswer as error:
                raise UserError(f"squeue: {error}; is this machine part of a cluster?") from None
            plans = [plan for plan in self.backlog if not self.find_again(plan, states)]
            self.submit_new(plans)
            self.backlog.clear()

    def find_again(self, plan: Plan, states: dict[str, str]) -> bool:
        """Wait for the job of an earlier call, if it is in the queue or runs."""
        with suppress(FileNotFoundError):
            job_id = record_of(plan).read_text()
            if states.get(job_id, GONE) not in (*ENDED, GONE):
                job: submitit.Job[str] = submitit.SlurmJob(self.folder, job_id)
                self.open.append(Submitted(plan, job, Inbox(outbox_of(plan))))
                return True
        return False

    def submit_new(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            plan.store.in_flight.mkdir(parents=True, exist_ok=True)
            outbox_of(plan).unlink(missing_ok=True)
        stays = self.cluster.cluster is Where.slurm
        tasks = [Task(plan, outbox_of(plan), stays=stays) for plan in plans]
        try:
            with outside_of_jobs():
                jobs = self.executor.submit_array(tasks) if tasks else []
        except (FailedJobError, FailedSubmissionError) as error:
            said = (str(error).strip() or "no message").splitlines()[-1]
            raise UserError(f"hydra/launcher=slurm: {said}; see hydra.launcher.*") from None
        for plan, job in zip(plans, jobs, strict=True):
            if stays:  # a local job's id is a process's, and may be another's tomorrow
                record_of(plan).write_text(job.job_id)
            self.open.append(Submitted(plan, job, Inbox(outbox_of(plan))))

    def look(self) -> None:
        """Pass on what jobs have said, and take note of those that ended."""
        if self.cluster.cluster is Where.local:
            states = local_states(each.job for each in self.open)
        else:
            try:
                states = slurm_states()
            except NoAnswer as error:
                self.console.waiting(f"squeue: {error}")  # jobs do not depend on it
                return
        for each in list(self.open):
            each.state = states.get(each.job.job_id, GONE)
            self.listen(each)
            problem = verdict(each)
            if problem is not None:
                self.close(each, problem)
        counts = Counter(each.state for each in self.open)
        text = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        self.console.waiting(text)

    def listen(self, each: Submitted) -> None:
        for message in each.inbox.read():
            if isinstance(message, Progress):
                self.console.progress(each.plan, message)
            else:
                self.console.news(each.plan, message)

    def close(self, each: Submitted, problem: str) -> None:
        """Take note of the end of a job; the files of a failed one stay, for whoever looks."""
        self.open.remove(each)
        paths = each.job.paths
        if problem:
            problem = f"{problem} (job {each.job.job_id}, {paths.stderr})"
            self.report.failed.append((each.plan, problem))
        else:
            files = (paths.stdout, paths.stderr, paths.submitted_pickle, paths.result_pickle)
            for path in (*files, paths.submission_file):  # Slurm has a copy of the last
                path.unlink(missing_ok=True)
        record_of(each.plan).unlink(missing_ok=True)
        outbox_of(each.plan).unlink(missing_ok=True)
        self.console.end(each.plan, problem)

    def farewell(self) -> str:
        """Say what becomes of the jobs when nobody waits for them any more."""
        arrays = " ".join(sorted({each.job.job_id.partition("_")[0] for each in self.open}))
        if self.cluster.cluster is Where.local or not arrays:
            return ""
        return (
            f"stopped waiting: job {arrays} goes on, and the same command waits for it again; "
            f"`scancel {arrays}` ends it, and what it has trained is kept"
        )

    def stop_local_jobs(self) -> None:
        """End local jobs after they saved their state."""
        end = time.monotonic() + GRACE_SECONDS
        while running := [each for each in self.open if each.job.state == "RUNNING"]:
            if time.monotonic() > end:
                return
            for each in running:  # again and again: a job that is starting may not have heard it
                os.kill(int(each.job.job_id), signal.SIGTERM)
            time.sleep(0.2)


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


def verdict(each: Submitted) -> str | None:
    """Say how a job ended: what went wrong, "" for nothing, None while it is not over."""
    path = each.job.paths.result_pickle
    has_result = path.exists()
    if not has_result and each.state not in (*ENDED, GONE):
        each.looks = 0
        return None
    if each.plan.store.done().issuperset(job.run_id for job in each.plan.jobs):
        return ""  # whoever else waits for the job may have removed its files already
    problem = f"{each.state} without a result"
    if has_result:
        outcome, said = pickle_load(path)  # of our own job, from our own results folder
        if said:
            return str(said) if outcome == "success" else said.strip().splitlines()[-1]
        problem = f"done, but its runs are not to be seen in {each.plan.store.in_flight}"
    each.looks += 1
    return problem if each.looks >= LOOKS else None


def record_of(plan: Plan) -> Path:
    """Return the file that says which of Slurm's jobs trains a population."""
    return plan.store.in_flight / f"{plan.identity}.job"


def outbox_of(plan: Plan) -> Path:
    return (plan.store.in_flight / f"{plan.identity}.said").absolute()
