"""`make setup` and the other targets, tried in a project whose Python only takes notes."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

# Stands in for an interpreter: writes down how it was called, and makes an environment of itself.
PYTHON = """#!/bin/bash
echo "$@" >> "$NOTES"
case "$*" in
  *fcntl*) exec "$REAL" "$@" ;;
  -c*) exit "${UNSUPPORTED:-0}" ;;
  "-m venv --clear .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip install "*) sleep "${PIP_SECONDS:-0}"; exit "${PIP_STATUS:-0}" ;;
  --version) echo "Python 3.12.1" ;;
esac
"""


@dataclass
class Sandbox:
    folder: Path
    notes: Path

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        path = f"{self.notes.parent}/bin:{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "ADAMREPRO"))}
        return subprocess.Popen(
            ["make", "-C", str(self.folder), *arguments],
            env={
                **kept,
                "PATH": path,
                "NOTES": str(self.notes),
                "REAL": sys.executable,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def called(self, start: str) -> list[str]:
        """What the interpreters were told that begins so."""
        told = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line for line in told if line.startswith(start)]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A project of the real Makefile and setup script, in a folder with a space in its name."""
    folder = tmp_path / "a checkout"
    (folder / "scripts").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "scripts/setup.sh"):
        shutil.copy(PROJECT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for name in ("python3", "python3.13", "python3.12", "python3.11"):  # all that are tried
        (tmp_path / "bin" / name).write_text(PYTHON)
        (tmp_path / "bin" / name).chmod(0o755)
    return Sandbox(folder, tmp_path / "notes")


def test_make_alone_has_a_line_for_every_target(sandbox: Sandbox) -> None:
    listed = re.findall(r"^make ([a-z-]+) +\S.*$", sandbox.make().stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*) FORCE$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert listed == phony[1].split()
    assert not sandbox.called("-m")


def test_setup_installs_once(sandbox: Sandbox) -> None:
    first = sandbox.make("setup")
    assert first.returncode == 0, first.stderr
    [install] = sandbox.called("-m pip install")
    assert install.endswith("-e .[dev] -c constraints.txt")
    assert sandbox.make("setup").returncode == 0
    assert sandbox.make("test", 'ARGS=-k "two words"').returncode == 0
    assert len(sandbox.called("-m pip install")) == 1
    [tests] = sandbox.called("-m pytest")
    assert tests.endswith(" -k two words")


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_installs_again_into_the_same_environment(
    sandbox: Sandbox, changed: str
) -> None:
    sandbox.make("setup")
    later = time.time() + 5
    os.utime(sandbox.folder / changed, (later, later))
    sandbox.make("setup")
    assert len(sandbox.called("-m pip install")) == 2
    assert len(sandbox.called("-m venv")) == 1


def test_a_moved_checkout_is_set_up_again(sandbox: Sandbox) -> None:
    sandbox.make("setup")
    sandbox.folder = sandbox.folder.rename(sandbox.folder.with_name("elsewhere"))
    sandbox.make("setup")
    sandbox.make("setup")
    assert len(sandbox.called("-m pip install")) == 2


def test_no_supported_python_is_said_plainly(sandbox: Sandbox) -> None:
    failed = sandbox.make("setup", UNSUPPORTED="1")
    assert failed.returncode != 0
    assert "no Python 3.11, 3.12 or 3.13 found" in failed.stderr
    assert "make setup PYTHON=" in failed.stderr
    assert not (sandbox.folder / ".venv").exists()


def test_the_interpreter_can_be_named(sandbox: Sandbox) -> None:
    failed = sandbox.make("setup", "PYTHON=no-such-python")
    assert "tried: no-such-python)" in failed.stderr
    assert sandbox.make("setup", "PYTHON=python3.12").returncode == 0


def test_a_failed_installation_is_tried_again(sandbox: Sandbox) -> None:
    failed = sandbox.make("test", PIP_STATUS="1")
    assert failed.returncode != 0
    assert "pip could not install" in failed.stderr
    assert not sandbox.called("-m pytest")
    assert sandbox.make("test").returncode == 0
    assert sandbox.called("-m pytest")


def test_two_calls_at_once_install_once(sandbox: Sandbox) -> None:
    both = [sandbox.start("setup", PIP_SECONDS="1") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        process.communicate()
    assert len(sandbox.called("-m pip install")) == 1


def test_figures_are_redrawn_for_the_budgets_that_are_published(sandbox: Sandbox) -> None:
    for budget in ("quick", "full", "search"):
        (sandbox.folder / "results" / "published" / budget).mkdir(parents=True)
    sandbox.make("figures")
    sandbox.make("figures", "BUDGET=other")
    drawn = [line.split()[-1] for line in sandbox.called("-m adamrepro plot --published")]
    assert sorted(drawn) == ["full", "other", "quick"]


def test_one_figure_is_reproduced_and_one_published(sandbox: Sandbox) -> None:
    sandbox.make("reproduce", "ARGS=fig4")
    sandbox.make("publish", "BUDGET=full", "ARGS=fig4 --partial")
    assert [line.split()[2:] for line in sandbox.called("-m adamrepro")][:2] == [
        ["reproduce", "--budget", "quick", "fig4"],
        ["publish", "--budget", "full", "fig4", "--partial"],
    ]


def test_the_report_is_of_ones_own_runs_or_of_the_published_ones(sandbox: Sandbox) -> None:
    sandbox.make("report")
    sandbox.make("report", "BUDGET=full", "FROM=published")
    sandbox.make("report", "FROM=/some/where")
    written = sandbox.called("-m adamrepro report")
    assert [line.split()[3:] for line in written] == [
        ["--budget", "quick"],
        ["--budget", "full", "--published"],
        ["--budget", "quick", "--results", "/some/where"],
    ]


def test_smoke_starts_from_nothing_and_clean_keeps_results(sandbox: Sandbox) -> None:
    sandbox.make("setup")
    results = sandbox.folder / "results" / "local"
    for kept in ("quick", "runs/quick"):
        (results / kept).mkdir(parents=True)
    for target in ("smoke", "clean"):
        for gone in ("smoke", "smoke-stand-in", "runs/smoke-stand-in"):
            (results / gone).mkdir(parents=True)
        assert sandbox.make(target).returncode == 0
        left = {str(path.relative_to(results)) for path in results.rglob("*")}
        assert left == {"quick", "runs", "runs/quick"}
    assert sandbox.called("-m adamrepro") == ["-m adamrepro reproduce --budget smoke"]
