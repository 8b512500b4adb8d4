"""W&B at once: what a server is told, and what happens when it knows part of it already."""

import os
import threading
import time
from pathlib import Path

import pytest
from synthetic_runs import curve_rows, run_row
from wandb_checks import check_history
from wandb_core import kill_services, settled, warnings_of
from wandb_files import offline_runs
from wandb_server import KEY, STALL_SECONDS, serving

from adamrepro.tracking.card import card_of
from adamrepro.tracking.settings import Mode, Tracking
from adamrepro.tracking.wandb import WandbTracker

RUN, CURVE = run_row(), curve_rows(5)
CARD = card_of("quick", RUN)


def report(results: Path, tracking: Tracking | None = None) -> None:
    """Tell the first epochs while it trains, then the whole."""
    tracker = WandbTracker(tracking or Tracking(), Mode.online, results)
    tracker.update("quick", RUN, CURVE[:2])
    tracker.update("quick", RUN, CURVE[2:3])
    tracker.finish("quick", RUN, CURVE)
    tracker.close()


@pytest.mark.parametrize("netrc", [False, True])
def test_the_server_is_told_each_point_once_and_the_key_stays_where_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    netrc: bool,
) -> None:
    with serving(monkeypatch) as told:
        if netrc:
            move_key_to_netrc(monkeypatch, told.url.removeprefix("http://"))
        report(tmp_path, Tracking(project="theirs", entity="team"))
    check_history(told.history[CARD.id], CURVE)
    said = told.runs[CARD.id]
    assert (said["groupName"], said["jobType"]) == (CARD.group, CARD.job_type)
    assert (said["project"], said["entity"]) == ("theirs", "team")
    assert tuple(said["tags"]) == CARD.tags
    assert told.exit_code == {CARD.id: 0}
    assert not warnings_of(caplog)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    holding = [path.name for path in files if KEY.encode() in path.read_bytes()]
    assert holding == ([".netrc"] if netrc else [])


def move_key_to_netrc(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.delenv("WANDB_API_KEY")
    path = Path(os.environ["NETRC"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"machine {server}\n  login user\n  password {KEY}\n")
    path.chmod(0o600)


def test_what_the_server_knew_before_a_kill_is_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch) as told:
        told.known[CARD.id] = [{"_step": k, "epoch": k, "_runtime": k} for k in range(3)]
        report(tmp_path)
    assert [point["epoch"] for point in told.history[CARD.id]] == [3, 4, 5]


def test_a_run_that_the_server_refuses_goes_to_files_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(monkeypatch) as told:
        told.refuse_runs = True
        report(tmp_path)
    assert not told.history
    check_history(offline_runs(tmp_path / "runs" / "wandb")[CARD.id].history, CURVE)
    (warning,) = warnings_of(caplog)
    assert "offline" in warning


def test_a_wandb_that_dies_while_online_is_replaced_by_one_that_writes_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(monkeypatch):
        tracker = WandbTracker(Tracking(), Mode.online, tmp_path)
        tracker.update("quick", RUN, CURVE[:2])
        assert settled(tracker)
        kill_services()
        tracker.finish("quick", RUN, CURVE)
        tracker.close()
    run = offline_runs(tmp_path / "runs" / "wandb")[CARD.id]
    check_history(run.history, CURVE)
    assert run.exit_code == 0
    (warning,) = warnings_of(caplog)
    assert "going on offline" in warning


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_server_that_stalls_costs_a_bounded_wait(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    interrupted: bool,
) -> None:
    monkeypatch.setattr("adamrepro.tracking.session.FINISH_SECONDS", 1.0)
    if interrupted:
        monkeypatch.setattr(WandbTracker, "finish", lambda *arguments: None)
    with serving(monkeypatch) as told:
        told.stalled = threading.Event()
        started = time.monotonic()
        report(tmp_path)
        waited = time.monotonic() - started
    assert waited < STALL_SECONDS
    run = offline_runs(tmp_path / "runs" / "wandb")[CARD.id]
    check_history(run.history, CURVE[:3] if interrupted else CURVE)
    assert run.exit_code == interrupted
    (warning,) = warnings_of(caplog)
    assert "going on offline" in warning
