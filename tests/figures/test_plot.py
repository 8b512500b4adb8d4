import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from adamrepro.cli.plot import main
from adamrepro.errors import UserError
from adamrepro.figures import Style, draw
from adamrepro.figures.book import own_figure
from adamrepro.results.schema import Tables
from adamrepro.results.select import NOT_IN_THE_PAPER
from commandline import call
from synthetic import figure_4_tables, tables_like

KINDS = ("pdf", "png")
HEAVY = {"torch", "torchvision", "hydra", "omegaconf", "wandb", "sklearn"}
# Runs the command as a user does, and says at the end which modules it took.
RUN = """
import atexit, runpy, sys
atexit.register(lambda: print("MODULES", *sys.modules))
sys.argv[:1] = ["adamrepro", "plot"]
runpy.run_module("adamrepro", run_name="__main__")
"""


@dataclass
class Run:
    out: Path
    stdout: str

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.out / "quick").iterdir()}


def put(tables: Tables, folder: Path) -> None:
    folder.mkdir(parents=True)
    tables.runs.to_csv(folder / "runs.csv", index=False)
    tables.curves.to_csv(folder / "curves.csv", index=False, float_format="%.6g")


def plot_all(results: Path, out: Path, **environment: str) -> Run:
    command = [sys.executable, "-c", RUN, "all", "--results", str(results), "--figures", str(out)]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return Run(out, done.stdout)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    put(tables_like("fig1a"), folder / "quick" / "fig1a")
    put(figure_4_tables(last=10), folder / "quick" / "fig4")
    return folder


@pytest.fixture(scope="module")
def drawn(results: Path, tmp_path_factory) -> Run:
    return plot_all(results, tmp_path_factory.mktemp("figures"), PYTHONHASHSEED="0")


def test_an_experiment_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its tuned settings, without the paper."""
    like = tables_like("fig1a")
    tables = Tables(like.runs.assign(experiment="mine"), like.curves)
    put(tables, tmp_path / "quick" / "mine")
    places = ["--results", str(tmp_path), "--figures", str(tmp_path)]
    ended = call(capsys, main, "plot", "mine", *places)
    assert ended.status == 0, ended.err
    assert "tuned" in ended.out
    assert "recovered" not in ended.out
    assert "paper" not in ended.out
    assert (tmp_path / "quick" / "mine.png").is_file()
    page = own_figure("mine", tables).pages(tables, {"mine": NOT_IN_THE_PAPER}, "quick")[""]
    words = " ".join(text.get_text() for text in page.texts)
    assert "paper" not in words
    assert "lowest cost at the last pass" in words


def test_two_of_them(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["--results", str(results), "--figures", str(tmp_path)]
    ended = call(capsys, main, "plot", "fig1a", "fig4", *places)
    assert ended.status == 0
    assert {path.name for path in (tmp_path / "quick").glob("*.png")} >= {"fig1a.png", "fig4.png"}


def test_all_draws_what_there_is_and_names_what_is_skipped(drawn: Run) -> None:
    names = ("fig1a", "fig1a_tuned", "fig4")
    assert set(drawn.files()) == {f"{name}.{kind}" for name in names for kind in KINDS}
    lines = drawn.stdout.splitlines()
    for skipped in ("fig1b", "fig2a", "fig2b", "fig3"):
        assert sum(line.startswith(f"{skipped}: no tables") for line in lines) == 1
    assert "recovered" in drawn.stdout


def test_summaries_are_written(drawn: Run, results: Path) -> None:
    summary = pd.read_csv(results / "quick" / "fig1a" / "summary.csv")
    assert summary["selection"].tolist() == ["recovered", "tuned"] * 3
    points = pd.read_csv(results / "quick" / "fig4" / "summary.csv")
    assert points["nats"].median() == pytest.approx(0.5, abs=1e-3)


def test_drawing_needs_no_torch(drawn: Run) -> None:
    modules = set(drawn.stdout.rsplit("MODULES", 1)[1].split())
    assert "matplotlib" in modules
    assert not HEAVY & modules


def test_unchanged_tables_give_the_same_bytes(drawn: Run, results: Path, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\naxes.facecolor: yellow\n")
    settings = {"PYTHONHASHSEED": "1", "MATPLOTLIBRC": str(tmp_path / "matplotlibrc")}
    first, second = drawn.files(), plot_all(results, tmp_path / "out", **settings).files()
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_another_style_has_a_folder_of_its_own(results: Path, tmp_path: Path) -> None:
    drawn = draw(
        "fig1a", results=results, figures=tmp_path, budget="quick", colours=Style.COLOUR_BLIND
    )
    names = [path.relative_to(tmp_path) for path in drawn.paths[:-1]]
    assert {str(name.parent) for name in names} == {"quick/colour-blind"}


@pytest.mark.parametrize("damage", ["a point", "a run", "a column", "a word"])
def test_tables_that_cannot_be_drawn_are_named_in_two_lines(tmp_path: Path, damage: str) -> None:
    name = "fig2b" if damage == "a column" else "fig1a"
    tables = tables_like(name, confirm=())
    runs, curves = tables.runs, tables.curves
    if damage == "a point":
        curves = pd.concat([curves, curves[-1:]])
    if damage == "a run":
        runs = pd.concat([runs, runs[-1:]])
    if damage == "a column":
        runs = runs.drop(columns="training.epochs")
    if damage == "a word":
        curves["train_cost"] = "low"
    put(Tables(runs, curves), tmp_path / "quick" / name)
    with pytest.raises(UserError, match=name) as told:
        draw(name, results=tmp_path, figures=tmp_path / "out", budget="quick")
    assert len(str(told.value).splitlines()) <= 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fig9"], "fig9"),
        (["fig1b"], "fig1b"),
        (["fig1a", "--budget", "full"], "full"),
        (["fig1a", "--results", "/nonexistent"], "/nonexistent"),
    ],
)
def test_mistakes_are_told_in_two_lines(
    results: Path, tmp_path: Path, capsys, arguments: list[str], words: str
) -> None:
    where = [] if "--results" in arguments else ["--results", str(results)]
    ended = call(capsys, main, "plot", *arguments, *where, "--figures", tmp_path)
    assert ended.status == 2
    assert words in ended.err
    assert len(ended.err.splitlines()) <= 2
    assert not list(tmp_path.iterdir())


def test_only_whole_files_appear(results: Path, tmp_path: Path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        draw("fig1a", results=results, figures=tmp_path, budget="quick")
    assert not [path for path in tmp_path.rglob("*.p*") if path.name[0] != "."]


def test_unknown_figure_names_the_known_ones(results: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fig1a, fig1b"):
        draw("fig1c", results=results, figures=tmp_path, budget="quick")
