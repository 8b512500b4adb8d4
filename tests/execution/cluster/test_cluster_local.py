"""Populations as jobs, through submitit's local executor: real processes, no Slurm."""

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slurm_node import until

from adamrepro.errors import RunsFailed, Stopped, UserError
from adamrepro.execution import Cluster, run_batch
from adamrepro.execution.cluster.body import OUT_OF_TIME, JobBody
from adamrepro.execution.cluster.outbox import Inbox, Outbox
from adamrepro.execution.cluster.settings import Where
from adamrepro.optim import RULES
from adamrepro.results.rows import text
from adamrepro.runs.config import RunConfig
from adamrepro.runs.planning import identify, plan
from adamrepro.tracking.settings import Tracker
from adamrepro.training import End, Ended, Loop, Points, Progress, Started
from small import small, tables, three_rules

LOCAL = Cluster(cluster=Where.local, array_parallelism=2, poll_seconds=0.2)


def train_locally(configs: list[RunConfig]) -> None:
    run_batch(configs, processes=False, cluster=LOCAL)


def long_run(results: Path) -> list[RunConfig]:
    """A population that trains for seconds, with checkpoints all the time."""
    configs = small(results, [RULES["adam"](alpha=0.01)], epochs=600, checkpoint_seconds=0.02)
    for config in configs:
        config.training.evaluate_every = 100
    return configs


def task_of(results: Path) -> int:
    """The process that trains, once it has a checkpoint."""
    until(lambda: list(results.rglob("*.ckpt")), "no checkpoint")
    (controller,) = controllers()
    (task,) = children(controller)
    return task


def controllers() -> list[int]:
    """The processes that submitit has beside this one (not multiprocessing's)."""
    found = ((pid, Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in children(os.getpid()))
    return [pid for pid, command in found if b"submitit" in command]


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Run an action in a thread beside the block."""
    thread = threading.Thread(target=action)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put back the signal handlers that a job replaces in its process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, OUT_OF_TIME)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_a_job_tells_its_parent_the_curves(tmp_path: Path) -> None:
    """As trackers want them: the points of all epochs, and the row."""
    configs = small(tmp_path, [RULES["adam"]()], epochs=3)
    configs[0].tracking.name = Tracker.wandb
    (each,) = plan(identify(configs))
    path = tmp_path / "said"
    JobBody(each, path, stays=True)()
    started, *points, outcome = Inbox(path).read()
    saved = each.store.saved(each.runs[0].run_id)
    assert saved is not None
    assert isinstance(started, Started)
    assert [run["run_id"] for run in started.runs] == [each.runs[0].run_id]
    said = [row for new in points if isinstance(new, Points) for _, row in new.rows]
    assert [text(row["test_nll"]) for row in said] == [row["test_nll"] for row in saved[1]]
    assert outcome == Ended(End.done)


@pytest.mark.usefixtures("handlers")
def test_curves_that_nobody_wants_are_not_written(tmp_path: Path) -> None:
    (each,) = plan(identify(small(tmp_path, [RULES["adam"]()])))
    JobBody(each, tmp_path / "said", stays=True)()
    assert not [m for m in Inbox(tmp_path / "said").read() if isinstance(m, Points)]


def test_a_parent_reads_whole_lines_once(tmp_path: Path) -> None:
    inbox, outbox = Inbox(tmp_path / "said"), Outbox(tmp_path / "said", curves=True)
    assert inbox.read() == []
    progress = [Progress(steps, 9, 0, 2, math.inf) for steps in (1, 2)]
    points = Points(((0, {"epoch": 1, "train_cost": math.inf}),), 50.0)
    outbox.hear(progress[0])
    outbox.hear(progress[1])  # too soon after the first
    outbox.hear(points)
    with outbox.path.open("a") as file:
        file.write('{"Ended": {"end":')
        file.flush()
        first, second = inbox.read()
        assert first == progress[0]
        assert isinstance(second, Points)
        assert [tuple(row) for row in second.rows] == list(points.rows)
        assert second.examples_per_second == 50.0
        assert inbox.read() == []
        file.write(' "failed", "problem": "no"}}\n')
    assert inbox.read() == [Ended(End.failed, "no")]


def test_a_line_that_a_kill_cut_off_spoils_no_other(tmp_path: Path) -> None:
    inbox, outbox = Inbox(tmp_path / "said"), Outbox(tmp_path / "said", curves=True)
    outbox.path.write_text('{"Ended": {"end": "fai')
    outbox.hear(Ended(End.done))
    with outbox.path.open("a") as file:
        file.write('{"Popen": {"args": "true"}}\n{"Ended": {"end": "else"}}\n[]\n0\n')
    assert inbox.read() == [Ended(End.done)]


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_to_is_refused(mode: int, tmp_path: Path) -> None:
    """Jobs unpickle what lies in it."""
    folder = tmp_path / "runs" / "jobs"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    with pytest.raises(UserError, match=f"mode {mode:o}: others may write to it"):
        train_locally(small(tmp_path, [RULES["adam"]()]))
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "jobs"
    folder.mkdir(parents=True)
    os.chown(folder, 12345, -1)
    with pytest.raises(UserError, match="belongs to user 12345"):
        train_locally(small(tmp_path, [RULES["adam"]()]))


def test_a_folder_that_others_may_read_is_taken(tmp_path: Path) -> None:
    (tmp_path / "runs" / "jobs").mkdir(parents=True, mode=0o755)
    train_locally(small(tmp_path, [RULES["adam"]()]))
    assert tables(tmp_path)[1][0]["status"] == "done"


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("stays", [True, False])
def test_a_job_told_to_end_saves_its_state(
    stays: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under Slurm it goes on until it is killed: one that left by itself would not be requeued."""
    (each,) = plan(identify(small(tmp_path, [RULES["adam"]()])))
    step, taken = Loop.step, []

    def told_to_end(loop: Loop) -> None:
        step(loop)
        taken.append(loop)
        if len(taken) == 5:  # of 20
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Loop, "step", told_to_end)
    body = JobBody(each, tmp_path / "said", stays=stays)
    if stays:
        body()
    else:
        with pytest.raises(SystemExit):
            body()
    assert len(taken) == (20 if stays else 5)
    assert len({id(loop) for loop in taken}) == (2 if stays else 1)
    assert len(list(tmp_path.rglob("*.ckpt"))) == (0 if stays else 1)


def test_the_tables_are_those_of_a_run_here_and_failures_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of two populations fails; the same command then trains that one only."""
    here, jobs = tmp_path / "here", tmp_path / "jobs"
    rules = three_rules()[:3]
    run_batch(small(here, rules), processes=False)
    blocked = plan(identify(small(jobs, rules)))[1]
    assert not (jobs / "runs" / "jobs").exists()
    checkpoint = blocked.store.checkpoint_path(blocked.identity)
    checkpoint.mkdir(parents=True)
    with pytest.raises(RunsFailed, match="1 of 2 populations failed"):
        train_locally(small(jobs, rules))
    said = " ".join(capsys.readouterr().err.split())
    assert "fig1a sgd curve seed 0 x1" in said
    assert "IsADirectoryError" in said
    assert (jobs / "runs" / "jobs").stat().st_mode & 0o777 == 0o700
    (log,) = (jobs / "runs" / "jobs").glob("*_log.err")
    assert "Traceback" in log.read_text()
    checkpoint.rmdir()
    train_locally(small(jobs, rules))
    assert "3 runs, 2 done, 1 to train" in capsys.readouterr().err
    assert tables(jobs) == tables(here)
    assert list(blocked.store.in_flight.glob("*.job")) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_job_out_of_time_resumes_and_ctrl_c_lets_it_save_its_state(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    here, jobs = tmp_path / "here", tmp_path / "jobs"
    run_batch(long_run(here), processes=False)

    def interrupt() -> None:
        task_of(jobs)
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(Stopped):
        train_locally(long_run(jobs))
    assert controllers() == []
    (checkpoint,) = jobs.rglob("*.ckpt")
    before = checkpoint.read_bytes()
    moved: list[bool] = []

    def end_of_time() -> None:
        until(lambda: checkpoint.exists() and checkpoint.read_bytes() != before, "no progress")
        first = task_of(jobs)
        os.kill(first, signal.SIGUSR2)
        until(lambda: not Path(f"/proc/{first}").exists(), "the job does not leave")
        moved.append(checkpoint.exists())

    with meanwhile(end_of_time):
        train_locally(long_run(jobs))
    assert moved == [True]
    assert tables(jobs) == tables(here)
