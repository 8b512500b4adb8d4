"""A batch in this process: failures, interruptions, two at once."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adamrepro.errors import RunsFailed, Stopped, UserError
from adamrepro.execution import run_batch
from adamrepro.execution.batch import SMALL_BATCH
from adamrepro.execution.board import Board
from adamrepro.execution.serial import run_serially
from adamrepro.optim import RULES, SfoSettings
from adamrepro.results import store
from adamrepro.results.rows import Row, read_rows
from adamrepro.results.store import Store
from adamrepro.runs import train as app
from adamrepro.runs.planning import Plan, identify, plan
from adamrepro.training import End, Ended, Interrupted, Loop, Order
from listening import StopWhen
from small import TABLES, small, tables, three_rules


def block_checkpoint(each: Plan) -> Path:
    """Make the training of a population fail: a folder lies where its checkpoint belongs."""
    path = each.store.checkpoint_path(each.identity)
    path.mkdir(parents=True)
    return path


def test_a_batch_returns_its_runs_in_order(tmp_path: Path) -> None:
    configs = small(tmp_path)
    runs = run_batch(configs, processes=False)
    assert [run.run_id for run in runs] == [run.run_id for run in identify(configs)]
    assert len(tables(tmp_path)[1]) == 4


def test_a_second_call_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_batch(small(tmp_path), processes=False)
    before = [(p, p.stat().st_mtime_ns) for p in sorted((tmp_path / TABLES).iterdir())]
    monkeypatch.setattr(Loop, "step", lambda loop: pytest.fail("trained again"))
    run_batch(small(tmp_path), processes=True)
    assert "4 runs, 4 done, 0 to train" in capsys.readouterr().err
    after = [(p, p.stat().st_mtime_ns) for p in sorted((tmp_path / TABLES).iterdir())]
    assert after == before


def test_the_table_is_read_for_what_is_done_once_however_many_populations_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_batch(small(tmp_path), processes=False)
    reads: list[Path] = []

    def noted(path: Path) -> list[Row]:
        reads.append(path)
        return read_rows(path)

    monkeypatch.setattr(store, "read_rows", noted)
    known = Store(tmp_path, TABLES.parts[0], TABLES.parts[1])
    rules = [RULES["adam"](alpha=alpha) for alpha in (0.1, 0.2, 0.3)]
    for each in plan(identify(small(tmp_path, rules, population=1))):
        app.train(each)
    assert len(reads) == 1
    assert len(known.done()) == 7
    known.collect()  # replaces the table
    reads.clear()
    assert len(known.done()) == 7
    assert len(reads) == 1


def test_one_failing_population_leaves_the_others_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = small(tmp_path)
    sgd = plan(identify(configs))[1]
    blocked = block_checkpoint(sgd)
    with pytest.raises(RunsFailed, match="1 of 3 populations failed"):
        run_batch(configs, processes=False)
    said = capsys.readouterr().err
    assert "fig1a sgd curve seed 0 x1" in said
    assert "IsADirectoryError" in said
    (log,) = Store(tmp_path, *TABLES.parts).in_flight.glob("*.log")
    assert "Traceback" in log.read_text()
    assert log.name in said
    assert {run["optimizer.name"] for run in tables(tmp_path)[1]} == {"adam", "adagrad"}
    blocked.rmdir()
    run_batch(configs, processes=False)
    assert len(tables(tmp_path)[1]) == 4


def test_why_a_population_failed_is_shown_as_it_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(loop: Loop) -> None:
        raise RuntimeError("[bold] of [/tmp] and [enforce fail at alloc.cpp:117]")

    monkeypatch.setattr(Loop, "step", step)
    with pytest.raises(RunsFailed):
        run_batch(small(tmp_path, three_rules()[:1]), processes=False)
    said = " ".join(capsys.readouterr().err.split())
    for words in ("[bold] of", "[/tmp]", "[enforce fail"):
        assert words in said


def test_runs_of_other_data_or_of_another_folder_are_populations_of_their_own(
    tmp_path: Path,
) -> None:
    (rule, *_) = three_rules()
    folders = [tmp_path / "one", tmp_path / "other"]
    runs = identify([config for folder in folders for config in small(folder, [rule])])
    assert [each.store.tables for each in plan(runs)] == [each.store.tables for each in runs]
    (run, _) = runs
    others = [run, replace(run, run_id="another", data_sha="another")]
    assert len(plan(others)) == 2


def test_a_batch_without_runs_says_so() -> None:
    with pytest.raises(UserError, match="no runs: every sweep"):
        run_batch([], processes=False)


def test_a_users_mistake_ends_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*args: object) -> None:
        raise UserError("data.root=x: expected better")

    monkeypatch.setattr("adamrepro.execution.attempt.train", mistaken)
    with pytest.raises(UserError, match="expected better"):
        run_batch(small(tmp_path), processes=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_between_two_steps(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finished populations are collected, the present one goes on where it was stopped."""
    configs, whole = small(tmp_path / "stopped"), small(tmp_path / "whole")
    run_batch(whole, processes=False)
    step, taken = Loop.step, []

    def interrupted(loop: Loop) -> None:
        step(loop)
        taken.append(loop)
        if len(taken) == 25:  # of 20 for each population
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Loop, "step", interrupted)
    handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(Stopped):
        run_batch(configs, processes=False)
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert len(taken) == 25
    assert len(list((tmp_path / "stopped").rglob("*.ckpt"))) == 1
    assert len(tables(tmp_path / "stopped")[1]) in (1, 2)
    run_batch(configs, processes=False)
    assert len(taken) == 60
    assert tables(tmp_path / "stopped") == tables(tmp_path / "whole")


def test_two_batches_at_once_train_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both planned before either began; locks hold between threads as between processes."""
    run = Loop.run
    trained: list[int] = []

    def slowly(loop: Loop) -> object:
        trained.append(len(loop.population.members))
        time.sleep(0.2)
        return run(loop)

    monkeypatch.setattr(Loop, "run", slowly)
    plans = plan(identify(small(tmp_path)))
    errors: list[BaseException] = []

    def both(order: int) -> None:
        try:
            for each in plans[::order]:
                app.train(each)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=both, args=(order,)) for order in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(trained) == [1, 1, 2]
    assert plan(identify(small(tmp_path))) == []


def test_waiting_for_another_process_can_be_stopped(tmp_path: Path) -> None:
    (each,) = plan(identify(small(tmp_path, [RULES["adam"]()])))
    with each.store.lock(each.identity), pytest.raises(Interrupted):
        app.train(each, StopWhen(lambda: True))
    app.train(each)
    assert plan(identify(small(tmp_path, [RULES["adam"]()]))) == []


def test_small_batches_start_no_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = plan(identify(small(tmp_path, workers=2)))
    assert sum(each.examples * len(each.runs) for each in plans) < SMALL_BATCH
    monkeypatch.setattr(
        "adamrepro.execution.batch.run_in_processes",
        lambda *args: pytest.fail("processes for nothing"),
    )
    run_batch(small(tmp_path, workers=2), processes=True)


def test_damaged_tables_end_a_batch_before_it_trains(tmp_path: Path) -> None:
    (tmp_path / TABLES).mkdir(parents=True)
    (tmp_path / TABLES / "runs.csv").write_text("not a table\n1,2\n")
    with pytest.raises(UserError, match=r"runs\.csv"):
        run_batch(small(tmp_path), processes=False)


class Told:
    """A tracker that notes what it is told of the ends of runs."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: self.calls.append(name)


def test_a_run_that_another_command_has_collected_is_not_abandoned(tmp_path: Path) -> None:
    (each,) = plan(identify(small(tmp_path, three_rules()[:1])))
    app.train(each)
    each.store.collect()
    tracker = Told()
    board = Board(tracker=tracker)  # type: ignore[arg-type]
    board.begin([each])
    board.hear(each, Ended(End.done))
    assert tracker.calls == ["catch_up"]


def test_a_run_without_enough_memory_does_not_end_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("adamrepro.optim.sfo.memory.available_memory", lambda device: 1000)
    (adam,) = small(tmp_path, three_rules()[:1])
    training = replace(adam.training, order=Order.once)
    sfo = replace(adam, optimizer=SfoSettings(), training=training)
    with pytest.raises(RunsFailed, match="1 of 2 populations failed"):
        run_batch([sfo, adam], processes=False)
    assert "not even one fits" in capsys.readouterr().err
    assert len(tables(tmp_path)[1]) == 1


def test_a_board_without_console_and_tracker_is_enough(tmp_path: Path) -> None:
    board = Board()
    run_serially(plan(identify(small(tmp_path))), board)
    assert board.failed == []
