"""Populations as jobs, through submitit's local executor: real processes, no Slurm."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slurm_node import until

from adamrepro.execution import Cluster, RunsFailed, Stopped, run_batch
from adamrepro.execution.cluster.outbox import Inbox, Outbox
from adamrepro.execution.cluster.settings import Where
from adamrepro.execution.cluster.task import OUT_OF_TIME, Task
from adamrepro.optim import RULES
from adamrepro.runs.config import RunConfig
from adamrepro.runs.planning import identify, plan
from adamrepro.tracking.feed import News
from adamrepro.tracking.settings import Tracker
from adamrepro.training import Loop, Progress
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
    (controller,) = children(os.getpid())
    (task,) = children(controller)
    return task


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
    """Put back the signal handlers that a task replaces in its process."""
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
    assert Task(each, path, stays=True)() == ""
    found = [news for news in Inbox(path).read() if isinstance(news, list)]
    saved = each.store.saved(each.jobs[0].run_id)
    assert saved is not None
    points = [point for (news,) in found for point in news.points]
    assert [point["test_nll"] for point in points] == [row["test_nll"] for row in saved[1]]
    assert {news.run["run_id"] for (news,) in found} == {each.jobs[0].run_id}


def test_a_parent_reads_whole_lines_once(tmp_path: Path) -> None:
    inbox, outbox = Inbox(tmp_path / "said"), Outbox(tmp_path / "said")
    assert inbox.read() == []
    progress = [Progress(steps, 9, 0, 2, 0.5) for steps in (1, 2)]
    news = [News({"run_id": "a"}, ({"epoch": "0"},))]
    outbox.progress(progress[0])
    outbox.progress(progress[1])  # too soon after the first
    outbox.news(news)
    with outbox.path.open("a") as file:
        file.write('{"news"')
        file.flush()
        assert inbox.read() == [news, progress[0]]
        assert inbox.read() == []
        file.write(": []}\n")
    assert inbox.read() == [[]]


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
    task = Task(each, tmp_path / "said", stays=stays)
    if stays:
        assert task() == ""
    else:
        with pytest.raises(SystemExit):
            task()
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
    checkpoint = blocked.store.checkpoint_path(blocked.identity)
    checkpoint.mkdir(parents=True)
    with pytest.raises(RunsFailed, match="1 of 2 populations failed"):
        train_locally(small(jobs, rules))
    said = " ".join(capsys.readouterr().err.split())
    assert "fig1a sgd curve seed 0 x1" in said
    assert "IsADirectoryError" in said
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
    assert children(os.getpid()) == []
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
