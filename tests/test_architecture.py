"""docs/architecture.md: the picture is that of the contracts; what it says can be done works."""

import ast
import csv
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "architecture.md").read_text()
STOP = re.compile(r"^\| \d+ \| `([^`]+)`: (.+?) \| ", re.MULTILINE)
FILE = re.compile(r"^`([^`]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
BELOW = re.compile(r"^In `([^`]+)`, below `([^`]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)


def test_the_picture_is_that_of_the_import_contracts() -> None:
    path = PROJECT / "scripts" / "architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PICTURE.findall(PAGE) == [script.picture()]
    assert len(script.floors()) <= 8


def test_every_stop_of_a_step_size_is_where_the_page_says() -> None:
    stops = STOP.findall(PAGE)
    assert 8 <= len(stops) <= 12
    for path, names in stops:
        content = (PROJECT / path).read_text()
        for name in re.findall(r"`(\w+)`", names):
            if path.endswith(".py"):
                tree = ast.walk(ast.parse(content))
                defined = {node.name for node in tree if isinstance(node, ast.FunctionDef)}
                assert name in defined, (path, name)
            else:
                assert f"{name}:" in content, (path, name)


def do_as_the_page_says(copy: Path) -> None:
    for name in ("src", "configs", "scripts"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "results" / "reference", copy / "results" / "reference")
    for path, content in FILE.findall(PAGE):
        assert not (copy / path).exists()
        (copy / path).write_text(content)
    for path, line, content in BELOW.findall(PAGE):
        old = (copy / path).read_text()
        assert old.count(f"{line}\n") == 1, (path, line)
        (copy / path).write_text(old.replace(f"{line}\n", f"{line}\n{content}"))


@pytest.mark.slow
def test_a_rule_a_model_and_a_data_set_of_the_users_own(tmp_path: Path) -> None:
    do_as_the_page_says(tmp_path)
    assert len(FILE.findall(PAGE)) == 6
    chosen = ["dataset=rings", "model=tanh_net", "optimizer=sign_descent"]
    values = ["optimizer.alpha=1e-3,1e-2", "training.epochs=5", "training.batch_size=20"]
    settings = [f"results={tmp_path / 'results'}", f"data.root={tmp_path}"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    command = [sys.executable, "-m", "adamrepro", "train", "-m", *chosen, *values, *settings]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "adhoc" / "adhoc"
    with (folder / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    with (folder / "curves.csv").open() as file:
        errors = [float(row["test_error"]) for row in csv.DictReader(file) if row["epoch"] == "5"]
    assert {run["optimizer.name"] for run in runs} == {"sign_descent"}
    assert {run["status"] for run in runs} == {"done"}
    assert len(runs) == 2
    assert min(errors) < 0.2
