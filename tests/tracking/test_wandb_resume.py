"""However a run comes to its end, it is one run in W&B, and all of it is there."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
from synthetic_runs import curve_rows, run_row
from wandb_checks import check_files, tables
from wandb_core import PATIENCE, settle
from wandb_files import offline_runs

import small
from adamrepro.execution import run_batch
from adamrepro.execution.board import Board
from adamrepro.runs import planning
from adamrepro.runs import train as app
from adamrepro.tracking.settings import Mode, Tracker, Tracking
from adamrepro.tracking.wandb import WandbTracker
from adamrepro.training import Interrupted, Points
from listening import Recorder


def test_an_interrupted_run_goes_on_as_the_same_run(tmp_path: Path) -> None:
    configs = tiny.tiny(tmp_path, epochs=6)
    (plan,) = planning.plan(planning.identify(configs))
    steps = iter([False] * 6 + [True])  # stops in the third pass, of three steps each
    recorder = Recorder(lambda: next(steps))
    with pytest.raises(Interrupted):
        app.train(plan, recorder)
    tracker = WandbTracker(configs[0].tracking, Mode.offline, tmp_path)
    board = Board(tracker=tracker)
    for message in recorder.heard:
        board.hear(plan, message)
    tracker.close()
    points = [message for message in recorder.heard if isinstance(message, Points)]
    assert len(points) == 3  # the start and two passes
    before = offline_runs(tmp_path / "runs" / "wandb")
    assert {run.exit_code for run in before.values()} == {1}
    run_batch(configs, processes=False)
    assert set(check_files(tmp_path)) == set(before)


def test_a_kill_and_the_same_command_leave_every_point_once(tmp_path: Path) -> None:
    epochs = 60
    command = [sys.executable, tiny.__file__, str(tmp_path), str(epochs)]
    found = os.environ | {"PYTHONPATH": str(Path(small.__file__).parent)}
    worker = subprocess.Popen(command, env=found, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not ready_to_be_killed(tmp_path) and worker.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL, "it had finished before it could be killed"
    assert not tables(tmp_path)[0]
    run_batch(tiny.tiny(tmp_path, epochs), processes=False)
    assert len(check_files(tmp_path)) == len(tiny.ALPHAS)


def ready_to_be_killed(results: Path) -> bool:
    """It has a checkpoint to resume from, and W&B has files that the resumed run must replace."""
    files = list((results / "runs" / "wandb").glob("offline-run-*/*.wandb"))
    checkpoints = list((results / "runs" / tiny.TABLE).glob("*/*.ckpt"))
    return len(files) == len(tiny.ALPHAS) and bool(checkpoints)


def test_a_run_that_another_process_told_to_the_end_is_not_told_again(tmp_path: Path) -> None:
    for _ in range(2):
        tracker = WandbTracker(Tracking(), Mode.offline, tmp_path)
        tracker.finish("quick", run_row(), curve_rows())
        tracker.close()
    assert len(list((tmp_path / "runs" / "wandb").glob("offline-run-*"))) == 1


def test_a_kill_between_a_runs_end_and_wandb_is_made_good_without_training(tmp_path: Path) -> None:
    configs = tiny.tiny(tmp_path)
    run_batch(configs, processes=False)
    settle()
    finished = tmp_path / "runs" / "wandb" / "finished.txt"
    first, second = finished.read_text().splitlines()
    finished.write_text(f"{second}\n")
    (path,) = finished.parent.glob(f"offline-run-*-{first.split()[1]}/*.wandb")
    path.write_bytes(path.read_bytes()[:200])
    (other,) = finished.parent.glob(f"offline-run-*-{second.split()[1]}/*.wandb")
    untouched = other.stat().st_mtime_ns
    run_batch(configs, processes=False)
    check_files(tmp_path)
    assert other.stat().st_mtime_ns == untouched
    assert sorted(finished.read_text().splitlines()) == sorted([first, second])


def test_runs_that_were_done_without_wandb_or_in_another_budget_are_told(tmp_path: Path) -> None:
    run_batch(tiny.tiny(tmp_path, tracker=Tracker.none), processes=False)
    configs = tiny.tiny(tmp_path, alphas=[*tiny.ALPHAS, 0.1])
    for config in configs:
        config.budget = "quick"
    run_batch(configs, processes=False)
    assert len(check_files(tmp_path, "quick-stand-in")) == 3


def test_a_wandb_that_outlived_its_parent_does_not_stop_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may put files into the folder that is being dropped."""
    run_batch(tiny.tiny(tmp_path), processes=False)
    settle()
    folder = tmp_path / "runs" / "wandb"
    (folder / "finished.txt").unlink()
    rmdir = os.rmdir

    def refuse(path: str, **options: int) -> None:
        if "offline-run" in str(path):
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        rmdir(path, **options)

    monkeypatch.setattr("os.rmdir", refuse)
    run_batch(tiny.tiny(tmp_path), processes=False)
    monkeypatch.undo()
    check_files(tmp_path)
    assert len((folder / "finished.txt").read_text().splitlines()) == len(tiny.ALPHAS)
