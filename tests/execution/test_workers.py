"""Real worker processes: killed, stopped, orphaned. Whatever happens, the tables end the same."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sweep import OFTEN, long_sweep
from watching import (
    PATIENCE,
    Process,
    checkpoints,
    is_python_worker,
    start,
    trained,
    until,
    workers_of,
)

from adamrepro.errors import Stopped
from adamrepro.execution import run_batch
from adamrepro.execution.board import Board
from adamrepro.execution.processes import Worker, attend, run_in_processes
from adamrepro.optim import RULES
from adamrepro.runs.planning import identify, plan
from small import small, tables


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, str]]]:
    """The tables of the sweep when nothing happens to it."""
    results = tmp_path_factory.mktemp("whole")
    run_batch(long_sweep(results), processes=False)
    return tables(results)


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Run an action in a thread beside the block."""
    thread = threading.Thread(target=action)
    thread.start()
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive()


def execute(results: Path) -> Board:
    board = Board()
    configs = long_sweep(results, checkpoint_seconds=OFTEN)
    run_in_processes(plan(identify(configs)), 1, board)
    return board


def test_a_killed_worker_takes_only_its_own_population(
    tmp_path: Path, whole: tuple[str, list[dict[str, str]]]
) -> None:
    def kill() -> None:
        until(lambda: checkpoints(tmp_path))
        (child,) = multiprocessing.active_children()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)

    with meanwhile(kill):
        board = execute(tmp_path)
    ((failed, reason),) = board.failed
    assert "SIGKILL" in reason
    assert len(checkpoints(tmp_path)) == 1
    assert [each.identity for each in plan(identify(long_sweep(tmp_path)))] == [failed.identity]
    run_batch(long_sweep(tmp_path), processes=False)
    assert tables(tmp_path) == whole


def test_ctrl_c_stops_the_workers_within_seconds(
    tmp_path: Path, whole: tuple[str, list[dict[str, str]]]
) -> None:
    asked: list[float] = []

    def interrupt() -> None:
        until(lambda: checkpoints(tmp_path))
        asked.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(Stopped):
        execute(tmp_path)
    assert time.monotonic() - asked[0] < 30
    assert multiprocessing.active_children() == []
    assert len(checkpoints(tmp_path)) == 1
    assert [path for path in tmp_path.rglob(".*") if path.is_file()] == []
    run_batch(long_sweep(tmp_path), processes=False)
    assert tables(tmp_path) == whole


def test_a_worker_that_died_idle_fails_what_it_is_given(tmp_path: Path) -> None:
    """It may die between two populations, when nobody listens to its pipe."""
    worker = Worker.start(None)
    worker.process.kill()
    worker.process.join()
    (each,) = plan(identify(small(tmp_path, [RULES["adam"]()])))
    worker.give(each)
    board = Board()
    board.begin([each])
    assert not attend(worker, board)
    assert [reason for _, reason in board.failed] == ["worker killed by SIGKILL (out of memory?)"]


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


def test_workers_leave_when_their_parent_is_killed(
    tmp_path: Path, whole: tuple[str, list[dict[str, str]]]
) -> None:
    process = start(tmp_path)
    until(lambda: checkpoints(tmp_path), process)
    orphans = workers_of(process.pid)
    assert orphans
    process.kill()
    process.wait()
    until(lambda: not any(is_python_worker(pid) for pid in orphans))
    left = checkpoints(tmp_path)
    run_batch(long_sweep(tmp_path), processes=False)
    assert tables(tmp_path) == whole
    assert len(left) <= 1
    assert checkpoints(tmp_path) == []


def kill_parent(process: Process) -> None:
    process.kill()


def kill_worker(process: Process) -> None:
    for pid in workers_of(process.pid)[:1]:
        os.kill(pid, signal.SIGKILL)


def kill_all(process: Process) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def interrupt_all(process: Process) -> None:
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: Process) -> None:
    process.terminate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "workers", "rounds"),
    [
        (kill_parent, 1, 3),
        (kill_parent, 2, 4),
        (kill_worker, 2, 4),
        (kill_all, 2, 9),
        (interrupt_all, 2, 1),
        (terminate, 1, 1),
    ],
)
def test_killed_at_random_moments_until_it_gets_through(
    how: Callable[[Process], None],
    workers: int,
    rounds: int,
    tmp_path: Path,
    whole: tuple[str, list[dict[str, str]]],
) -> None:
    """Blows at moments spread over start, training, saving; then left in peace.

    A sweep that gets through before its blow makes place for another: every round has its blow.
    """
    moments = random.Random(f"{how.__name__} {workers}")
    blows = sweeps = 0
    while blows < rounds:
        results = tmp_path / str(sweeps)
        process = start(results, workers)
        had = len(checkpoints(results))
        until(lambda: process.poll() is not None or len(checkpoints(results)) >= max(had, 1))  # noqa: B023
        time.sleep(moments.choice([0.0, 0.1, 0.3, 0.6, 1.0]))
        if process.poll() is None:
            how(process)
            blows += 1
        if process.wait(PATIENCE) == 0:
            assert_whole(results, whole)
            sweeps += 1
    process = start(results, workers)
    assert process.wait(PATIENCE) == 0
    assert_whole(results, whole)


def assert_whole(results: Path, whole: tuple[str, list[dict[str, str]]]) -> None:
    assert tables(results) == whole
    assert checkpoints(results) == []
    assert not [path for path in results.rglob(".*") if ".ckpt." in path.name]


@pytest.mark.slow
def test_ctrl_c_shows_no_traceback_of_workers(tmp_path: Path) -> None:
    """At moments of their start too; the parent's own is the command line's to explain."""
    for number, delay in enumerate([0.0, 0.5, 1.2]):
        results, errors = tmp_path / f"results {number}", tmp_path / f"errors {number}"
        with errors.open("wb") as file:
            process = start(results, workers=2, errors=file)
            until(lambda: workers_of(process.pid))  # noqa: B023
            time.sleep(delay)
            interrupt_all(process)
            process.wait(PATIENCE)
        said = errors.read_text()
        assert process.returncode == 130
        assert "the same command goes on" in said.splitlines()[-1]
        assert "Traceback" not in said


@pytest.mark.slow
def test_two_sweeps_at_once_train_nothing_twice(
    tmp_path: Path, whole: tuple[str, list[dict[str, str]]]
) -> None:
    results = tmp_path / "results"
    pair = [start(results, workers=1) for _ in range(2)]
    assert [process.wait(PATIENCE) for process in pair] == [0, 0]
    assert tables(results) == whole
    assert len(trained(results)) == len(set(trained(results))) == 3
