"""`adamrepro train` from the command line to the tables, on the digits that a package ships."""

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adamrepro.training import Loop, Population
from commandline import CommandResult, train

Command = Callable[..., CommandResult]
GRID = ["experiment=fig1a", "budget=smoke", "training.epochs=1", "dataset.examples=200"]


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Call `adamrepro train` with stand-in data, from a folder that must stay empty."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    monkeypatch.chdir(cwd)
    places = [f"data.root={tmp_path / 'no data'}", "data.download=false", "data.stand_in=true"]

    def call(*arguments: str, results: str = "results") -> CommandResult:
        ended = train(capsys, *arguments, *places, f"results={tmp_path / results}")
        assert list(cwd.iterdir()) == []
        return ended

    return call


def rows(tmp_path: Path, table: str) -> list[dict[str, str]]:
    with (tmp_path / "results" / table / "runs.csv").open() as file:
        return list(csv.DictReader(file))


def test_an_experiments_grid_and_its_confirmation(command: Command, tmp_path: Path) -> None:
    ended = command("-m", *GRID, "seeds.confirm=[7,8]")
    assert (ended.status, ended.out) == (0, "")
    runs = rows(tmp_path, "smoke-stand-in/fig1a")
    assert {run["series"] for run in runs} == {"AdaGrad", "SGDNesterov", "Adam"}
    grid = [run for run in runs if run["role"] == "grid"]
    confirm = [run for run in runs if run["role"] == "confirm"]
    assert {run["seed"] for run in grid} == {"0"}
    assert {run["seed"] for run in confirm} == {"7", "8"}
    assert {run["setting_id"] for run in confirm} <= {run["setting_id"] for run in grid}
    assert {run["series"] for run in confirm} == {run["series"] for run in grid}
    assert {run["status"] for run in runs} == {"done"}
    again = command("-m", *GRID, "seeds.confirm=[7,8]")
    assert again.status == 0
    assert again.err.count(" 0 to train") == 2
    assert rows(tmp_path, "smoke-stand-in/fig1a") == runs


def test_one_curve_with_values_and_seeds_of_the_users_own(command: Command, tmp_path: Path) -> None:
    ended = command("-m", *GRID, "series=Adam", "optimizer.alpha=0.01,0.02", "seed=5,6")
    assert ended.status == 0
    runs = rows(tmp_path, "smoke-stand-in/fig1a")
    found = {(run["optimizer.alpha"], run["seed"], run["role"]) for run in runs}
    assert found == {(a, s, "grid") for a in ("0.01", "0.02") for s in ("5", "6")}


def test_a_sweep_without_an_experiment(command: Command, tmp_path: Path) -> None:
    ended = command(
        "-m", *GRID[2:], "optimizer.alpha=0.01,0.1", "seed=0,1", "optimizer=adam,adamax"
    )
    assert ended.status == 0
    assert len(rows(tmp_path, "adhoc-stand-in/adhoc")) == 8


def test_one_run(command: Command, tmp_path: Path) -> None:
    ended = command(*GRID, "optimizer=adam", "optimizer.alpha=0.01")
    assert ended.status == 0
    (run,) = rows(tmp_path, "adhoc-stand-in/fig1a")
    assert (run["optimizer.alpha"], run["role"]) == ("0.01", "single")


def test_ctrl_c_and_the_same_command_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, taken = Loop.step, []

    def interrupted(loop: Loop) -> None:
        step(loop)
        taken.append(1)
        if len(taken) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Loop, "step", interrupted)
    ended = command("-m", *GRID)
    assert ended.status == 130
    assert "the same command goes on" in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err
    assert command("-m", *GRID).status == 0
    interrupted_rows = rows(tmp_path, "smoke-stand-in/fig1a")
    monkeypatch.undo()
    assert {run["role"] for run in interrupted_rows} == {"grid", "confirm"}


def test_a_population_that_fails_is_named_and_the_others_are_done(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Loop.__init__

    def fails_for_sgd(loop: Loop, population: Population, *args: Any, **options: Any) -> None:
        if population.rule.name == "sgd":
            raise MemoryError("not enough of it\nsecond line")
        build(loop, population, *args, **options)

    monkeypatch.setattr(Loop, "__init__", fails_for_sgd)
    ended = command("-m", *GRID)
    assert ended.status == 1
    assert "Traceback" not in ended.err
    assert "SGDNesterov" in ended.err
    assert "MemoryError: not enough of it" in ended.err
    assert "1 of 3 populations failed" in ended.err.splitlines()[-1]
    runs = rows(tmp_path, "smoke-stand-in/fig1a")
    assert {run["series"] for run in runs} == {"AdaGrad", "Adam"}


def test_experiments_are_one_batch_and_one_that_fails_stops_none_of_the_others(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is whole is confirmed; the same command then trains and confirms the rest."""
    both = ["-m", "experiment=fig1a,fig1b", *GRID[1:], "seeds.confirm=[7]"]
    build = Loop.__init__

    def fails_for_rmsprop(loop: Loop, population: Population, *args: Any, **options: Any) -> None:
        if population.rule.name == "rmsprop":
            raise MemoryError
        build(loop, population, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "__init__", fails_for_rmsprop)
        ended = command(*both)
    assert ended.status == 1
    assert "smoke-stand-in/fig1a, smoke-stand-in/fig1b: 11 runs, 0 done, 11 to train" in ended.err
    assert "2 of 11 populations failed" in ended.err.splitlines()[-1]

    def roles(experiment: str) -> list[str]:
        return sorted(run["role"] for run in rows(tmp_path, f"smoke-stand-in/{experiment}"))

    assert roles("fig1a") == ["confirm"] * 3 + ["grid"] * 3
    assert roles("fig1b") == ["grid"] * 6
    again = command(*both)
    assert again.status == 0, again.err
    assert "11 runs, 9 done, 2 to train" in again.err
    assert roles("fig1b") == ["confirm"] * 8 + ["grid"] * 8
