"""Runs that train with tracking=wandb: their files, read back, say what the tables say."""

import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from synthetic_runs import curve_rows, run_row
from wandb_checks import as_config, check_files, check_history, tables
from wandb_core import settle
from wandb_files import offline_runs
from wandb_server import serving

from adamrepro.execution import Cluster, run_batch
from adamrepro.execution.cluster.settings import Where
from adamrepro.tracking.card import RATE, card_of, points_of
from adamrepro.tracking.session import Session
from adamrepro.tracking.settings import Mode, Tracker


def test_files_say_what_the_tables_say(tmp_path: Path) -> None:
    configs = tiny.tiny(tmp_path, alphas=[0.123456789, 1e-2])
    run_batch(configs, processes=False)
    found = check_files(tmp_path)
    assert len(found) == len(configs)
    for config in configs:
        assert config in [as_config(run.config) for run in found.values()]
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


def test_jobs_report_through_whoever_waits_for_them(tmp_path: Path) -> None:
    local = Cluster(cluster=Where.local, poll_seconds=0.2)
    configs = tiny.tiny(tmp_path)
    run_batch(configs, processes=False, cluster=local)
    assert len(check_files(tmp_path)) == len(configs)


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
    settle()
    with serving(monkeypatch) as told:
        command = [sys.executable, "-m", "wandb", "sync", str(tmp_path / "runs" / "wandb")]
        # its own log goes to the present folder
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    assert len(told.history) == len(runs)
    for key, run in runs.items():
        card = card_of(tiny.TABLE, run)
        check_history(told.history[card.id], curves[key])
        assert told.runs[card.id]["groupName"] == card.group
        assert told.exit_code[card.id] == 0


@pytest.mark.parametrize("asked", [False, True])
def test_the_machine_is_sampled_only_where_asked(tmp_path: Path, asked: bool) -> None:
    session = Session("adamrepro", None, Mode.offline, tmp_path / "wandb", statistics=asked)
    card = card_of("quick", run_row())
    session.log(card, points_of(curve_rows()))
    assert session.runs[card.id].settings.x_disable_stats is not asked
    session.finish(card.id, {})
    (run,) = offline_runs(tmp_path / "wandb").values()
    assert run.sampled <= asked  # a run as short as this may end before the first sample
