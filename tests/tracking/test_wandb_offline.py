"""Runs that train with tracking=wandb: their files, read back, say what the tables say."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
from synthetic_runs import curve_rows, run_row
from wandb_files import OfflineRun, offline_runs
from wandb_server import serving

from adamrepro import app
from adamrepro.execution import run_batch
from adamrepro.results.store import Row, Store, read_curves, read_rows
from adamrepro.tracking.card import card_of, points_of
from adamrepro.tracking.feed import RATE, News
from adamrepro.tracking.settings import Mode, Tracker, Tracking
from adamrepro.tracking.wandb import WandbTracker
from adamrepro.training import Interrupted

OWN = {"_step", "_runtime", "_timestamp", "epoch", RATE}
"""What W&B's history has that the tables have not."""


def tables(results: Path) -> tuple[dict[str, Row], dict[str, list[Row]]]:
    folder = Store(results, tiny.TABLE, "fig1a").tables
    runs = {row["run_id"]: row for row in read_rows(folder / "runs.csv")}
    return runs, read_curves(folder / "curves.csv", runs)


def check_history(history: list[dict[str, float]], curve: list[Row]) -> None:
    """Every epoch once, in order, with the table's own numbers."""
    assert [point["epoch"] for point in history] == [int(row["epoch"]) for row in curve]
    assert [point["_step"] for point in history] == [point["epoch"] for point in history]
    costs = [{key: point[key] for key in set(point) - OWN} for point in history]
    assert costs == list(points_of(curve).values())


def check_files(results: Path) -> dict[str, OfflineRun]:
    runs, curves = tables(results)
    found = offline_runs(results / "runs" / "wandb")
    assert set(found) == {card_of(tiny.TABLE, run).id for run in runs.values()}
    for key, run in runs.items():
        card = card_of(tiny.TABLE, run)
        said = found[card.id]
        check_history(said.history, curves[key])
        assert {k: v for k, v in said.config.items() if k != "_wandb"} == card.config
        assert (said.name, said.group, said.job_type) == (card.name, card.group, card.job_type)
        assert tuple(said.tags) == card.tags
        assert said.metrics == {"epoch": "", "*": "epoch"}
        assert said.summary["status"] == run["status"] == "done"
        assert said.summary["best_cost"] == min(
            float(r["train_cost"] or "inf") for r in curves[key]
        )
        assert said.summary["seconds"] == float(run["seconds"])
        assert said.exit_code == 0
    return found


def test_files_say_what_the_tables_say(tmp_path: Path) -> None:
    run_batch(tiny.tiny(tmp_path), processes=False)
    found = check_files(tmp_path)
    assert len(found) == len(tiny.ALPHAS)
    for run in found.values():
        assert RATE not in run.history[0]
        assert all(point[RATE] > 0 for point in run.history[1:])
        assert run.project == "adamrepro"


def test_tracking_changes_no_result_and_without_it_there_are_no_files(tmp_path: Path) -> None:
    for name in Tracker:
        run_batch(tiny.tiny(tmp_path / name.value, tracker=name), processes=False)
    (_, with_wandb), (_, without) = tables(tmp_path / "wandb"), tables(tmp_path / "none")
    assert with_wandb == without
    assert not (tmp_path / "none" / "runs" / "wandb").exists()


def test_workers_report_through_their_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adamrepro.execution.batch.SMALL_BATCH", 0)
    configs = tiny.tiny(tmp_path)
    for config, seed in zip(configs, (0, 1), strict=True):
        config.seed, config.execution.workers = seed, 2
    run_batch(configs, processes=True)
    assert len(check_files(tmp_path)) == 2


def test_a_run_that_diverges_is_told_to_its_end(tmp_path: Path) -> None:
    configs = tiny.tiny(tmp_path, epochs=4)
    configs[1].optimizer.alpha = 1e30
    run_batch(configs, processes=False)
    runs, curves = tables(tmp_path)
    found = offline_runs(tmp_path / "runs" / "wandb")
    (lost,) = (run for run in runs.values() if run["status"] == "diverged")
    said = found[card_of(tiny.TABLE, lost).id]
    assert [p["epoch"] for p in said.history] == [int(r["epoch"]) for r in curves[lost["run_id"]]]
    assert said.summary["status"] == "diverged"
    assert said.summary["diverged_epoch"] == int(lost["diverged_epoch"])


def closed_runs(folder: Path) -> dict[str, OfflineRun]:
    """Read the runs once wandb-core, a process of its own, has written their ends."""
    deadline = time.monotonic() + 30
    while True:
        runs = offline_runs(folder)
        if time.monotonic() > deadline or all(run.exit_code is not None for run in runs.values()):
            return runs
        time.sleep(0.1)


def test_an_interrupted_run_goes_on_as_the_same_run(tmp_path: Path) -> None:
    configs = tiny.tiny(tmp_path, epochs=6)
    (plan,) = app.plan(app.identify(configs))
    steps = iter([False] * 6 + [True])  # stops in the third pass, of three steps each
    news: list[list[News]] = []
    tracker = WandbTracker(configs[0].tracking, Mode.offline, tmp_path)

    def tell(new: list[News]) -> None:
        news.append(new)
        tracker.update(tiny.TABLE, new)

    with pytest.raises(Interrupted):
        app.train(plan, should_stop=lambda: next(steps), on_news=tell)
    tracker.close()
    assert len(news) == 3  # the start and two passes
    before = closed_runs(tmp_path / "runs" / "wandb")
    assert {run.exit_code for run in before.values()} == {1}
    run_batch(configs, processes=False)
    assert set(check_files(tmp_path)) == set(before)


def test_a_kill_and_the_same_command_leave_every_point_once(tmp_path: Path) -> None:
    epochs = 60
    command = [sys.executable, tiny.__file__, str(tmp_path), str(epochs)]
    worker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
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


def test_no_key_lands_in_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "5ec4e7" * 6 + "beef"
    monkeypatch.setenv("WANDB_API_KEY", key)
    run_batch(tiny.tiny(tmp_path), processes=False)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in files)
    assert not [path for path in files if key.encode() in path.read_bytes()]


def test_wandbs_own_reader_sends_what_the_tables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_batch(tiny.tiny(tmp_path), processes=False)
    runs, curves = tables(tmp_path)
    with serving(monkeypatch) as told:
        folders = [str(path) for path in (tmp_path / "runs" / "wandb").glob("offline-run-*")]
        command = [sys.executable, "-m", "wandb", "sync", *folders]
        subprocess.run(command, env=dict(os.environ), check=True, capture_output=True, timeout=300)
    assert len(told.history) == len(runs)
    for key, run in runs.items():
        card = card_of(tiny.TABLE, run)
        check_history(told.history[card.id], curves[key])
        assert told.runs[card.id]["groupName"] == card.group
        assert told.exit_code[card.id] == 0
