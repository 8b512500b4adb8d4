"""Whatever is wrong with W&B costs a warning: training goes on, and its results are whole."""

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import tiny
from synthetic_runs import curve_rows, run_row
from wandb_checks import check_files, check_history, tables
from wandb_core import kill_services, settled, warnings_of
from wandb_files import offline_runs
from wandb_server import KEY

from adamrepro.execution import run_batch
from adamrepro.results.rows import Row
from adamrepro.tracking import session, wandb
from adamrepro.tracking.card import card_of
from adamrepro.tracking.settings import Mode, Tracker, Tracking
from adamrepro.tracking.wandb import WandbTracker
from small import DO_NOT_COUNT

NOBODY = "http://127.0.0.1:9"


Stored = tuple[list[Row], dict[str, list[Row]]]


def outcome(results: Path) -> Stored:
    """What the tables say, but for the time it took."""
    runs, curves = tables(results)
    return [row | dict.fromkeys(DO_NOT_COUNT, "") for row in runs.values()], curves


@pytest.fixture(scope="module")
def untracked(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    results = tmp_path_factory.mktemp("untracked")
    run_batch(tiny.tiny(results, tracker=Tracker.none), processes=False)
    return outcome(results)


@pytest.mark.parametrize("reason", ["no API key", "Failed to authenticate"])
def test_online_without_key_or_server_goes_to_files(
    tmp_path: Path,
    untracked: Stored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reason: str,
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", NOBODY)
    monkeypatch.setenv("WANDB_HTTP_TIMEOUT", "1")
    if reason != "no API key":
        monkeypatch.setenv("WANDB_API_KEY", KEY)
    run_batch(tiny.tiny(tmp_path, mode=Mode.online), processes=False)
    assert len(check_files(tmp_path)) == len(tiny.ALPHAS)
    assert outcome(tmp_path) == untracked
    (warning,) = warnings_of(caplog)
    assert reason in warning
    assert "going on offline" in warning


def test_a_wandb_that_does_not_leave_after_a_failure_is_not_waited_for(
    tmp_path: Path, untracked: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(session, "QUIT_SECONDS", 0.05)
    monkeypatch.setattr(session, "tear_down", never.wait)
    monkeypatch.setenv("WANDB_BASE_URL", NOBODY)
    monkeypatch.setenv("WANDB_HTTP_TIMEOUT", "1")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    begin = time.monotonic()
    run_batch(tiny.tiny(tmp_path, mode=Mode.online), processes=False)
    assert time.monotonic() - begin < wandb.CLOSE_SECONDS
    assert len(check_files(tmp_path)) == len(tiny.ALPHAS)
    assert outcome(tmp_path) == untracked
    never.set()


def test_a_folder_that_cannot_be_written_ends_tracking_not_training(
    tmp_path: Path,
    untracked: Stored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "file"))
    for results in (tmp_path / "one", tmp_path / "two"):  # two batches, one warning
        run_batch(tiny.tiny(results), processes=False)
        assert outcome(results) == untracked
    (warning,) = warnings_of(caplog)
    assert str(tmp_path / "file") in warning


def test_a_full_disk_ends_tracking_not_training(
    tmp_path: Path,
    small_disk: Path,
    untracked: Stored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (small_disk / "others").write_bytes(bytes(280_000))
    monkeypatch.setenv("WANDB_DIR", str(small_disk))
    run_batch(tiny.tiny(tmp_path), processes=False)
    assert outcome(tmp_path) == untracked
    (warning,) = warnings_of(caplog)
    assert "No space left" in warning


def test_a_wandb_that_dies_while_runs_train_ends_tracking_not_training(
    tmp_path: Path,
    untracked: Stored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    killed: list[int] = []

    def update_and_kill(tracker: WandbTracker, table: str, run: Row, new: Sequence[Row]) -> None:
        update(tracker, table, run, new)
        if not killed:
            assert settled(tracker)
            killed.extend(kill_services())

    update = WandbTracker.update
    monkeypatch.setattr(WandbTracker, "update", update_and_kill)
    run_batch(tiny.tiny(tmp_path), processes=False)
    assert killed
    assert outcome(tmp_path) == untracked
    (warning,) = warnings_of(caplog)
    assert "training goes on without it" in warning


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_ends_tracking_and_no_run_counts_as_told(
    tmp_path: Path,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WANDB_DIR", str(small_disk))
    tracker = WandbTracker(Tracking(), Mode.offline, tmp_path)
    tracker.update("quick", run_row(), curve_rows())
    tracker.finish("quick", run_row(), curve_rows(2000))
    tracker.close()
    (warning,) = warnings_of(caplog)
    assert "No space left" in warning
    assert not (small_disk / "wandb" / "finished.txt").exists()
    assert "Traceback" not in capfd.readouterr().err


def test_a_wandb_that_dies_ends_tracking_and_leaves_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    tracker = WandbTracker(Tracking(), Mode.offline, tmp_path)
    tracker.update("quick", run_row(), curve_rows()[:1])
    assert settled(tracker)
    assert len(kill_services()) == 1
    for _ in range(3):
        tracker.update("quick", run_row(), curve_rows())
    tracker.finish("quick", run_row(), curve_rows())
    tracker.close()
    (warning,) = warnings_of(caplog)
    assert "training goes on without it" in warning
    assert "Traceback" not in capfd.readouterr().err


def test_a_failure_of_one_run_does_not_lose_the_points_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", NOBODY)
    tracker = WandbTracker(Tracking(), Mode.online, tmp_path)  # goes offline at its first run
    runs = [run_row(f"aaaa0000000{k}") for k in range(3)]
    for run in runs:
        tracker.update("quick", run, curve_rows()[:2])
    for run in runs:
        tracker.finish("quick", run, curve_rows())
    tracker.close()
    found = offline_runs(tmp_path / "runs" / "wandb")
    for run in runs:
        check_history(found[card_of("quick", run).id].history, curve_rows())
