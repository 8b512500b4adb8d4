"""`adamrepro status` beside a real sweep at budget smoke: what it expects, what it then finds."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from adamrepro.cli.status import main
from adamrepro.data import DATASETS, is_there
from adamrepro.runs import planning
from commandline import CommandResult, train

Command = Callable[..., CommandResult]


@pytest.fixture
def status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Call `adamrepro status` for a results folder of the test's own."""
    monkeypatch.setenv("ADAMREPRO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ADAMREPRO_HOME", str(tmp_path))  # where nothing is published
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, budget: str = "smoke") -> CommandResult:
        GlobalHydra.instance().clear()
        capsys.readouterr()
        told = ["status", "--budget", budget, "--results", str(tmp_path / "results"), *arguments]
        monkeypatch.setattr(sys, "argv", told)
        ended = 0
        try:
            main()
        except SystemExit as end:
            ended = int(end.code or 0)
        said = capsys.readouterr()
        return CommandResult(ended, said.out, said.err)

    return call


def rows(said: str) -> dict[str, list[str]]:
    """The cells of each line of the table, by its first two."""
    lines = [line.split() for line in said.splitlines()]
    return {" ".join(cells[:2]): cells[2:] for cells in lines if len(cells) > 2 and "/" in cells[0]}


def test_before_and_after_a_sweep(
    status: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = status("fig1a")
    assert before.status == 0
    assert rows(before.out) == {
        "smoke/fig1a grid": ["3", "unknown"],
        "smoke/fig1a confirmation": ["up", "to", "3", "unknown"],
    }
    assert f"no data in {tmp_path / 'data'}" in before.out
    published = tmp_path / "results" / "published"
    assert "no data in" not in status("fig1a", "--results", str(published)).out
    assert "left in all: unknown" in before.out
    sweep = ["-m", "experiment=fig1a", "budget=smoke", f"results={tmp_path / 'results'}"]
    places = [f"data.root={tmp_path / 'data'}", "data.download=false", "data.stand_in=true"]
    assert train(capsys, *sweep, *places, "series=Adam").status == 0
    some = rows(status("fig1a").out)
    assert some["smoke-stand-in/fig1a grid"][:2] == ["1", "2"]
    assert some["smoke-stand-in/fig1a grid"][2].rstrip("smin").isdigit()
    assert train(capsys, *sweep, *places).status == 0
    done = status("fig1a")
    assert rows(done.out) == {
        "smoke-stand-in/fig1a grid": ["3"],
        "smoke-stand-in/fig1a confirmation": ["3"],
    }
    assert "left in all" not in done.out


def test_several_experiments_without_data(status: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "load_dataset", lambda *_, **__: pytest.fail("data was read"))
    found = rows(status("fig2a", "fig4").out)
    assert set(found) == {"smoke/fig2a grid", "smoke/fig2a confirmation", "smoke/fig4 grid"}


@pytest.mark.parametrize(
    ("experiment", "budget", "said"),
    [("fig9", "smoke", "fig9: no such experiment"), ("fig1a", "quik", "did you mean quick")],
)
def test_a_mistake_is_explained(experiment: str, budget: str, said: str, status: Command) -> None:
    ended = status(experiment, budget=budget)
    assert ended.status == 2
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_data_sets_are_looked_for_where_they_lie(tmp_path: Path) -> None:
    for config in DATASETS.values():
        assert not is_there(config(), tmp_path)
        (tmp_path / config.folders[-1]).mkdir(parents=True)
        assert is_there(config(), tmp_path)
