"""`adamrepro theory` in real processes: experiments side by side, stopped, mistaken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 300.0
"""Seconds after which a test gives up: the machine may be busy."""


def theory(results: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "adamrepro", "theory", "--results", str(results), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def test_experiments_run_side_by_side_and_are_not_run_again(tmp_path: Path) -> None:
    names = ["scale-free", "adagrad-limit"]
    for said in ("3 seeds in", "done before"):
        with theory(tmp_path, "--budget", "smoke", *names) as process:
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
        assert {line.partition(":")[0] for line in out.splitlines()} == set(names)
        assert out.count(said) == 2
    assert {path.stem for path in tmp_path.glob("smoke/theory/*.csv")} == set(names)


def test_an_unknown_one_is_a_line(tmp_path: Path) -> None:
    with theory(tmp_path, "scalefree") as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert err.startswith("scalefree: no such experiment; did you mean scale-free? ")


def test_what_is_published_is_only_taken_over(tmp_path: Path) -> None:
    environment = {**os.environ, "ADAMREPRO_HOME": str(tmp_path)}
    published = tmp_path / "results" / "published"
    command = [sys.executable, "-m", "adamrepro", "theory", "--budget", "smoke", "scale-free"]

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, env=environment
        )

    refused = call("--results", str(published))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"--results {published}: published; expected a folder of your own\n"
    assert "3 seeds in" in call().stdout
    (tmp_path / "results" / "local").rename(published)
    assert "done before" in call("--from", "published").stdout
    own = tmp_path / "results" / "local" / "smoke" / "theory" / "scale-free.csv"
    assert own.read_bytes() == (published / "smoke" / "theory" / "scale-free.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_takes_its_processes_along(told: signal.Signals, tmp_path: Path) -> None:
    with theory(tmp_path, "--budget", "full", "step-bound", "adamax-bound") as process:
        end = time.monotonic() + PATIENCE
        while len(workers := children(process.pid)) < 2:
            assert time.monotonic() < end, "no process was started"
            time.sleep(0.1)
        os.kill(process.pid, told)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert "stopped; the same command goes on where this one left off" in err
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            assert time.monotonic() < end, "a process was left behind"
            time.sleep(0.1)
