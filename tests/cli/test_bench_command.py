"""`adamrepro bench`: trains once, writes its verdict, and tells mistakes before training."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from adamrepro.cli.bench import main
from adamrepro.results.schema import Tables
from adamrepro.results.tasks import BASELINE, TASKS
from adamrepro.training import Loop

MINE = """
import torch

class Mine(torch.optim.SGD):
    def __init__(self, params, lr=0.03):
        super().__init__(params, lr=lr, momentum=0.9)
"""


def bench(*arguments: object) -> int:
    words = ["adamrepro bench", *map(str, arguments)]
    with mock.patch.object(sys, "argv", words), mock.patch.dict("os.environ"):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
    return 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, in which the command is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def smoke(*arguments: object) -> int:
    return bench(*arguments, "--smoke", "--results", "results", "execution.device=cpu")


@pytest.mark.slow
def test_a_class_of_the_users_from_nothing_to_the_verdict(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert smoke("mine.py:Mine", "--task", "logistic,imdb") == 0
    said = capsys.readouterr()
    out = folder / "results" / "smoke-stand-in"
    assert str(out / "bench" / "Mine.md") in said.out
    assert {path.name for path in (out / "bench").iterdir()} == {
        f"Mine.{kind}" for kind in ("md", "csv", "png", "pdf")
    }
    page = (out / "bench" / "Mine.md").read_text()
    assert page.startswith(f"# Mine beside {BASELINE}\n")
    assert "stand-in" in page
    for task in ("logistic", "imdb"):
        tables = Tables.read(out / f"bench_{task}")
        runs = tables.runs
        assert runs.groupby(["series", "role"]).size().to_dict() == {
            ("Mine", "grid"): 5,
            ("Mine", "confirm"): 3,
            (BASELINE, "grid"): 5,
            (BASELINE, "confirm"): 3,
        }
        # a seed has one start, and so many minibatches of its own: the cost before any step
        start = tables.curves[tables.curves["epoch"] == 0].merge(runs, on="run_id")
        assert (start.groupby("seed")["train_nll"].nunique() == 1).all()
    monkeypatch.setattr(Loop, "step", lambda loop: pytest.fail("trained twice"))
    assert smoke("mine.py:Mine", "--task", "imdb,logistic") == 0
    assert (out / "bench" / "Mine.md").read_text() == page


@pytest.mark.slow
def test_adams_runs_are_those_of_the_last_class(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke("torch.optim.SGD", "--task", "logistic") == 0
    capsys.readouterr()
    assert smoke("mine.py:Mine", "--task", "logistic") == 0
    said = capsys.readouterr().err
    assert "bench_logistic: 10 runs, 5 done, 5 to train" in said
    assert "bench_logistic: 6 confirmation runs, 3 done, 3 to train" in said
    numbers = pd.read_csv(folder / "results/smoke-stand-in/bench/Mine.csv")
    assert list(numbers["measure"]) == ["at the end", "over all passes", "test_error"]


def test_the_tasks_are_named_in_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--help") == 0
    assert f"of {', '.join(TASKS)}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["torch.optim.LBFGS"], "needs a closure"),
        (["mine.py:Yours"], "has no Yours"),
        (["mine.py:Mine", "optimizer.kwargs.nesterov=1"], "unexpected keyword argument"),
        (["mine.py:Mine", "training.epoch=3"], "training.epoch: no such key; did you mean epochs"),
        (["mine.py:Mine", "torch.optim.SGD"], "torch.optim.SGD"),
        (["mine.py:Mine", "--task", "fig3"], "--task fig3: no such task; known: imdb"),
    ],
)
def test_mistakes_end_it_before_anything_is_written(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(*arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 2
    assert not (folder / "results").exists()
