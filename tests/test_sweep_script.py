"""`scripts/sweep.sh`, in a repository whose Python only takes notes."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "sweep.sh"
PYTHON = """#!/bin/bash
echo "$ADAMREPRO_HOME" "$PYTHONPATH" "$@" >> "$NOTES"
cat "$PYTHONPATH/code" >> "$NOTES"
"""


@dataclass
class Repository:
    checkout: Path
    notes: Path

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(self.checkout), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, code: str) -> str:
        (self.checkout / "src" / "code").write_text(code)
        self.git("add", ".")
        self.git("commit", "-qm", code)
        return self.git("rev-parse", "--short=10", "HEAD")

    def sweep(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"NOTES": str(self.notes), "PYTHON": str(self.notes.with_name("python"))}
        return subprocess.run(
            [str(self.checkout / "scripts" / "sweep.sh"), *arguments],
            env={**os.environ, **own, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def told(self) -> list[str]:
        return self.notes.read_text().splitlines()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path / "a checkout", tmp_path / "notes")
    for folder in ("scripts", "src"):
        (found.checkout / folder).mkdir(parents=True)
    shutil.copy(SCRIPT, found.checkout / "scripts")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    found.git("init", "-q")
    return found


def test_it_trains_at_a_commit_whatever_the_checkout_becomes(repository: Repository) -> None:
    first = repository.commit("first\n")
    tree = f"{repository.checkout}.sweeps/{first}"
    for code in ("not committed\n", "neither\n"):
        (repository.checkout / "src" / "code").write_text(code)
        done = repository.sweep("experiment=fig1a", "budget=full")
        assert done.returncode == 0, done.stderr
    told = f"{repository.checkout} {tree}/src -m adamrepro train -m experiment=fig1a budget=full"
    assert repository.told() == [told, "first"] * 2
    repository.commit("second\n")
    assert repository.sweep("experiment=fig1a", AT=first).returncode == 0
    assert repository.sweep("experiment=fig1a").returncode == 0
    assert repository.told()[5::2] == ["first", "second"]


def test_mistakes(repository: Repository) -> None:
    first = repository.commit("first\n")
    assert "expected settings" in repository.sweep().stderr
    assert "AT=nowhere: no such commit" in repository.sweep("budget=full", AT="nowhere").stderr
    repository.sweep("budget=full")
    changed = Path(f"{repository.checkout}.sweeps") / first / "src" / "code"
    changed.write_text("other\n")
    done = repository.sweep("budget=full")
    assert done.returncode == 2
    assert f"{changed.parents[1]} was changed" in done.stderr
    assert len(repository.told()) == 2
