"""docs/your-optimizer.md does what it says, from top to bottom, in an empty folder."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "your-optimizer.md").read_text()
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def test_many_settings_on_a_module_of_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [code for kind, code in BLOCK.findall(PAGE) if "train_many(" in code]
    names: dict[str, Any] = {}
    exec(compile(block, "your-optimizer.md", "exec"), names)
    assert len(names["last"]) == 8
    assert names["last"]["train_cost"].nunique() == 8
    assert "train_cost" in capsys.readouterr().out


@pytest.mark.slow
def test_classes_of_others_are_trained_and_drawn(tmp_path: Path) -> None:
    (mine,) = [code for _, code in BLOCK.findall(PAGE) if "class SignDescent" in code]
    (tmp_path / "mine.py").write_text(mine)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "adamrepro"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m adamrepro "$@"\n')
    command.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ADAMREPRO_HOME": str(tmp_path)}
    environment["ADAMREPRO_DATA"] = str(tmp_path / "none")
    stand_in = "budget=smoke data.download=false data.stand_in=true"
    for kind, code in BLOCK.findall(PAGE):
        if kind == "bash":
            code = code.replace("budget=smoke", stand_in)
            code = code.replace("--budget smoke", "--budget smoke-stand-in")
            done = subprocess.run(
                ["bash", "-e", "-c", code],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    with (tmp_path / "results/local/smoke-stand-in/fig1a/runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    assert {run["series"] for run in runs} == {"NAdam", "SignDescent", "radam"}
    assert {run["role"] for run in runs} == {"grid", "confirm"}
    assert (tmp_path / "figures/local/smoke-stand-in/fig1a.png").exists()
    page = (tmp_path / "results/local/smoke-stand-in/bench/SignDescent.md").read_text()
    # the second of the two: three settings, on two tasks
    assert page.count("| SignDescent | 3 | lr=") == page.count("| tuned Adam | 3 | alpha=") == 2
