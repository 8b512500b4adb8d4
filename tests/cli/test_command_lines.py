"""What the command lines of all commands share: a mistake is one line, exit status 2."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import adamrepro
from adamrepro.cli import COMMANDS, main
from adamrepro.cli.places import CommandLine
from adamrepro.results.schema import untrained
from commandline import CommandResult, call

BUDGETED = {
    name: ["torch.optim.NAdam"] if name == "bench" else []
    for name in COMMANDS
    if name not in ("train", "readings", "fetch-data")
}
"""Commands that have --budget, and what else they need."""

MISTAKES = {
    "bench": "CLASS: none named; expected an optimizer class, as in torch.optim.NAdam or",
    "plot fig9": "fig9: no such figure, and no tables in ",
    "plot fig1a --budget search": "fig1a: a search has readings, no figure; adamrepro readings",
    "status budget=full": "budget=full: expected --budget full",
    "compare --published": "unrecognized arguments: --published; see adamrepro compare --help",
    "claims --docs": "--docs: pages tell of what is published; add --published --budget full",
    "status --docs --budget full": "--docs: pages tell of what is published; add --published",
    "plot --results nowhere": "--results nowhere: no such folder; expected one with tables",
    "plot --results mine --published": "argument --published: not allowed with argument --results",
    "plot --published --results mine": "argument --results: not allowed with argument --published",
    "reproduce --from .": "--from .: no tables in there; expected a results folder",
    "readings fig1": "/search/fig1: no tables, and no such experiment; did you mean fig1b?",
    "readings after_adam_vae": "adamrepro train -m experiment=after_adam/vae budget=search",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADAMREPRO_HOME", str(tmp_path))
    return tmp_path


def called(capsys: pytest.CaptureFixture[str], command: str, *arguments: str) -> CommandResult:
    module = import_module(f"adamrepro.cli.{command.replace('-', '_')}")
    return call(capsys, module.main, command, *arguments)


@pytest.mark.parametrize("command", BUDGETED)
def test_a_misspelt_budget_is_the_same_mistake_everywhere(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = called(capsys, command, *BUDGETED[command], "--budget", "quik")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("--budget quik: no such budget; did you mean quick? (known: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("command", BUDGETED)
def test_a_file_is_no_results_folder(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "a file"
    file.touch()
    more = ["--budget", "quick"] if command == "publish" else []
    ended = called(capsys, command, *BUDGETED[command], *more, "--results", str(file))
    assert (ended.status, ended.out) == (2, "")
    said = f"argument --results: {file}: a file; expected a folder; see adamrepro {command} --help"
    assert ended.err == f"{said}\n"


@pytest.mark.parametrize("words", ["--figures mine --published", "--published --figures mine"])
def test_a_folder_that_is_named_is_the_one_meant(
    words: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["adamrepro plot", *words.split()])
    parser = CommandLine()
    parser.add_places(figures=True)
    asked = parser.parse_args()
    assert (asked.results, asked.figures) == (home / "results" / "published", Path("mine"))


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line(words: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = called(capsys, *words.split())
    assert (ended.status, ended.out) == (2, "")
    assert MISTAKES[words] in ended.err
    assert len(ended.err.splitlines()) == 1


def test_what_is_left_out_is_said_with_what_trains_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = Path(__file__).parents[2] / "results" / "published" / "full" / "matter_logistic"
    place = home / "results" / "full" / "matter_logistic"
    place.parent.mkdir(parents=True)
    place.symlink_to(published)
    ended = called(capsys, "matter", "--results", str(home / "results"))
    assert ended.status == 0
    missing = ("mlp", "vae")
    assert ended.err.splitlines() == [
        f"left out: {place.parent}/matter_{name}: no tables; "
        f"adamrepro train -m experiment=matter/{name} budget=full"
        for name in missing
    ]


def test_stand_ins_are_found_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "results" / "smoke-stand-in" / "matter_vae"
    folder.mkdir(parents=True)
    for name in ("runs.csv", "curves.csv"):
        (folder / name).touch()
    ended = called(capsys, "matter", "--results", str(home / "results"), "--budget", "smoke")
    assert ended.status == 2
    assert "matter_logistic: no tables; adamrepro train -m experiment=matter/log" in ended.err
    said = untrained(home / "results" / "smoke" / "matter_vae")
    assert said.endswith("no tables; those of stand-in data: --budget smoke-stand-in")


def test_a_reader_that_leaves_is_no_mistake() -> None:
    command = f"{sys.executable} -m adamrepro | true; echo ${{PIPESTATUS[0]}}"
    long = f"{sys.executable} -m adamrepro status --published | head -c 1; echo ${{PIPESTATUS[0]}}"
    for each in (command, long):
        done = subprocess.run(["bash", "-c", each], capture_output=True, text=True)
        assert done.stderr == ""


def test_the_version_and_the_nearest_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["adamrepro", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"adamrepro {adamrepro.__version__}\n"
    assert adamrepro.__version__.startswith("0.")
    monkeypatch.setattr(sys, "argv", ["adamrepro", "reprodce"])
    assert main() == 2
    assert "no such command; did you mean reproduce?" in capsys.readouterr().err
