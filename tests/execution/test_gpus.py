"""Which GPU a worker takes: shown without one, by what workers are started with."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
import torch

from adamrepro.execution.attempt import explain
from adamrepro.execution.board import Board
from adamrepro.execution.gpus import least_used, visible_gpus
from adamrepro.execution.processes import Worker, run_in_processes, work
from adamrepro.runs.planning import identify, plan
from small import small


@pytest.mark.parametrize(
    ("named", "count", "found"),
    [
        (None, 2, ["0", "1"]),
        ("2,5", 2, ["2", "5"]),
        ("GPU-8a2b, GPU-77f0", 2, ["GPU-8a2b", "GPU-77f0"]),
        ("3,9", 1, ["3"]),  # torch sees as far as the first that is not there
        ("", 0, []),
    ],
)
def test_only_gpus_that_the_user_left_visible(
    named: str | None, count: int, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert visible_gpus() == found


def test_more_workers_than_gpus_share_them_evenly() -> None:
    taken: list[str | None] = []
    for _ in range(5):
        taken.append(least_used(["2", "5"], taken))
    assert taken == ["2", "5", "2", "5", "2"]
    assert least_used([], []) is None


def test_a_worker_sees_its_gpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    near, far = multiprocessing.Pipe()
    near.close()  # nothing to train
    try:
        work(far, "5")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "5"
    assert not torch.cuda.is_initialized()  # it would have read the old value


def test_the_worker_after_a_dead_one_takes_its_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two workers the second dies before it trains anything; the first is busy meanwhile."""
    start, started = Worker.start, []

    def recorded(gpu: str | None) -> Worker:
        worker = start(gpu)
        started.append(gpu)
        if len(started) == 2:
            worker.process.kill()
        return worker

    monkeypatch.setattr(Worker, "start", recorded)
    plans = plan(identify(small(tmp_path, population=1)))
    board = Board()
    run_in_processes(plans, 2, board, ["7", "3"])
    assert [failed.identity for failed, _ in board.failed] == [plans[1].identity]
    assert started == ["7", "3", "3"]
    assert len(plan(identify(small(tmp_path, population=1)))) == 1


def test_a_population_too_large_for_the_gpu_is_told_what_to_do() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    assert "execution.population" in explain(error)
    assert explain(ValueError("no\nmore")) == "ValueError: no"
