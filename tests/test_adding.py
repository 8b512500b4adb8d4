"""Adding things as docs/architecture.md says, in a copy of the project: it works there."""

import csv
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "architecture.md").read_text()
FILE = re.compile(r"^`([^`]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
BELOW = re.compile(r"^In `([^`]+)`, below `([^`]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
COPIED = ("src", "configs", "scripts", "tests", "docs", "results/reference", "pyproject.toml")

pytestmark = pytest.mark.slow


@dataclass
class Copy:
    """The project after everything that the page adds was added to it."""

    folder: Path

    def run(self, *command: str) -> str:
        """Run a Python module with arguments; what it printed."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src")}
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def train(self, results: str, *settings: str) -> str:
        places = [f"results={self.folder / results}", f"data.root={self.folder}"]
        return self.run("adamrepro", "train", "-m", *settings, *places)

    def table(self, path: str) -> list[dict[str, str]]:
        with (self.folder / path).open() as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (PROJECT / name).is_file():
            shutil.copy(PROJECT / name, folder / name)
        else:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    for path, content in FILE.findall(PAGE):
        assert not (folder / path).exists()
        (folder / path).write_text(content)
    for path, line, content in BELOW.findall(PAGE):
        old = (folder / path).read_text()
        assert old.count(f"{line}\n") == 1, (path, line)
        (folder / path).write_text(old.replace(f"{line}\n", f"{line}\n{content}"))
    return Copy(folder)


@pytest.fixture(scope="module")
def trained(copy: Copy) -> Copy:
    """The experiment of the page's figure, trained."""
    copy.train("results", "experiment=rings", "budget=full")
    return copy


def test_nothing_is_left_out() -> None:
    kinds = ["A rule", "A model", "A data set", "A figure", "A claim", "An executor"]
    assert [kind for kind in kinds if f"\n### {kind}\n" not in PAGE] == []
    assert len(FILE.findall(PAGE)) == PAGE.count("\n```") // 2 - 1 - len(BELOW.findall(PAGE))


def test_what_was_added_passes_the_checks(copy: Copy) -> None:
    copy.run("ruff", "check", "--quiet", "src", "tests")
    copy.run("ruff", "format", "--check", "--quiet", "src", "tests")
    copy.run("mypy", "src")
    lint = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"
    (copy.folder / "lint.py").write_text(lint)
    assert "0 broken" in copy.run("lint", "--no-logo")


def test_a_rule_a_model_and_a_data_set(copy: Copy) -> None:
    chosen = ["dataset=rings", "model=tanh_net", "optimizer=sign_descent"]
    values = ["optimizer.alpha=1e-3,1e-2", "training.epochs=5", "training.batch_size=20"]
    copy.train("results", *chosen, *values)
    runs = copy.table("results/adhoc/adhoc/runs.csv")
    curves = copy.table("results/adhoc/adhoc/curves.csv")
    assert {run["optimizer.name"] for run in runs} == {"sign_descent"}
    assert {run["status"] for run in runs} == {"done"}
    assert len(runs) == 2
    assert min(float(row["test_error"]) for row in curves if row["epoch"] == "5") < 0.2


def test_their_own_tests_pass(copy: Copy) -> None:
    tables = ["optim/test_rules_table.py", "optim/test_sign_descent.py", "optim/test_every_rule.py"]
    tables += ["models/test_every_model.py", "data/test_datasets.py", "training/test_every_pair.py"]
    its = "sign_descent or tanh_net or rings or order or in_the_table or signum"
    said = copy.run("pytest", "-n", "0", *(f"tests/{table}" for table in tables), "-k", its)
    assert re.search(r"\d\d passed", said)


def test_a_figure(trained: Copy) -> None:
    where = ["--results", str(trained.folder / "results"), "--figures", str(trained.folder / "out")]
    trained.run("adamrepro", "plot", "rings", "--budget", "full", *where)
    names = {path.name for path in (trained.folder / "out" / "full").iterdir()}
    assert names == {f"rings{end}.{kind}" for end in ("", "_tuned") for kind in ("pdf", "png")}
    summary = trained.table("results/full/rings/summary.csv")
    assert {row["series"] for row in summary} == {"SignDescent", "Adam"}


def test_a_claim(trained: Copy) -> None:
    where = ["--results", str(trained.folder / "results")]
    trained.run("adamrepro", "claims", "--budget", "full", *where)
    verdicts = {row["id"]: row["verdict"] for row in trained.table("results/full/claims.csv")}
    assert verdicts.pop("rings-order") in ("supported", "refuted", "mixed", "undecided")
    assert set(verdicts.values()) == {"not judged"}
    said = trained.run("pytest", "tests/claims/test_every_claim.py", "-k", "rings")
    assert "8 passed" in said


def test_an_executor(copy: Copy) -> None:
    sweep = ["dataset=rings", "model=tanh_net", "optimizer=sign_descent,adam,sgd", "seed=0,1"]
    sizes = ["training.epochs=2", "training.batch_size=20"]
    copy.train("serial", *sweep, *sizes, "execution.workers=1")
    said = copy.train("threads", *sweep, *sizes, "execution.in_threads=true")
    assert "6 runs, 0 done, 6 to train" in said
    curves = "adhoc/adhoc/curves.csv"
    assert copy.table(f"threads/{curves}") == copy.table(f"serial/{curves}")
    assert len(copy.table("threads/adhoc/adhoc/runs.csv")) == 6
