"""Populations as jobs of a real Slurm, of one node, from the command line to the tables."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from slurm_node import missing, slurm_node, until

from small import tables

pytestmark = pytest.mark.slurm

PROJECT = Path(__file__).resolve().parents[3]
ADHOC = Path("adhoc-stand-in/adhoc")
JOBS = ["hydra/launcher=slurm", "hydra.launcher.poll_seconds=0.5", "hydra.launcher.mem_gb=0.4"]
LONG = ["training.epochs=3000", "training.evaluate_every=1500", "execution.checkpoint_seconds=0.05"]
SHORT = ["training.epochs=2"]
PATIENCE = 600.0
Process = subprocess.Popen[str]
STARTED: list[Process] = []


@pytest.fixture(scope="module", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    reason = missing()
    if reason:
        pytest.skip(f"no Slurm: {reason}")
    with ExitStack() as stack:
        try:
            environment = stack.enter_context(slurm_node(tmp_path_factory.mktemp("slurm")))
        except (AssertionError, subprocess.CalledProcessError) as error:
            pytest.skip(f"Slurm does not start here: {error}")
        before = dict(os.environ)
        os.environ |= environment
        yield
        for process in STARTED:
            process.kill()
        os.environ.clear()
        os.environ |= before


def start(results: Path, *settings: str) -> Process:
    """Call `adamrepro train -m`, with tiny data."""
    places = [f"data.root={results}/none", "data.download=false", "data.stand_in=true"]
    sizes = ["dataset.examples=200", "training.batch_size=20", f"results={results}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "adamrepro", "train", "-m", *settings, *places, *sizes],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    STARTED.append(process)
    return process


def end(process: Process) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def slurm(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def jobs(*states: str) -> list[str]:
    asked = f"--states={','.join(states) or 'all'}"
    return slurm("squeue", "--noheader", "--array", asked, "--format=%i").split()


def training(results: Path) -> None:
    """Wait until the population has a checkpoint newer than any before."""
    seen = {path: path.stat().st_mtime_ns for path in results.rglob("*.ckpt")}

    def moved() -> bool:
        return any(path.stat().st_mtime_ns > seen.get(path, 0) for path in results.rglob("*.ckpt"))

    until(moved, "no checkpoint", PATIENCE)


def log_of(results: Path) -> str:
    return "".join(path.read_text() for path in results.glob("runs/jobs/*_log.out"))


def test_a_sweep_gives_the_tables_of_this_machine(tmp_path: Path) -> None:
    """Of two rules and two seeds: an array of four populations, for which two commands wait."""
    grid = [*SHORT, "optimizer=adam,adamax", "optimizer.alpha=0.01,0.1", "seed=0,1"]
    here, there = tmp_path / "here", tmp_path / "there"
    both = [start(there, *grid, *JOBS) for _ in range(2)]
    ended = [end(process) for process in (start(here, *grid), *both)]
    assert [status for status, _ in ended] == [0, 0, 0], ended
    assert tables(there, ADHOC) == tables(here, ADHOC)
    assert len(tables(there, ADHOC)[1]) == 8
    assert len(jobs("COMPLETED")) == 4
    status, said = end(start(there, *grid, *JOBS))
    assert status == 0
    assert "8 done, 0 to train" in said


def test_left_alone_requeued_and_out_of_time(tmp_path: Path) -> None:
    """Ctrl-C leaves the job running; the same command waits for it, whatever Slurm does to it."""
    here, there = tmp_path / "here", tmp_path / "there"
    assert end(start(here, *LONG, "optimizer.alpha=0.01"))[0] == 0
    first = start(there, *LONG, "optimizer.alpha=0.01", *JOBS)
    training(there)
    os.killpg(first.pid, signal.SIGINT)
    status, said = end(first)
    assert status == 130
    (job,) = jobs("RUNNING")
    assert f"job {job} goes on" in said.splitlines()[-1]
    slurm("scontrol", "requeue", job)
    second = start(there, *LONG, "optimizer.alpha=0.01", *JOBS)
    until(lambda: jobs("RUNNING") == [job], "not started again", PATIENCE)
    training(there)
    slurm("scancel", "--signal=USR2", job)  # what Slurm sends before the time limit
    until(lambda: "Requeued job" in log_of(there), "not requeued", PATIENCE)
    status, said = end(second)
    assert status == 0, said
    assert jobs("PENDING", "RUNNING") == []
    assert tables(there, ADHOC) == tables(here, ADHOC)
    assert slurm("scontrol", "show", "job", job).count("Restarts=2") == 1


def test_a_job_that_is_killed_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    grid = ["optimizer=adam,adamax", "optimizer.alpha=0.01"]
    process = start(tmp_path, *LONG, *grid, *JOBS)
    training(tmp_path)
    job = jobs("RUNNING")[0]
    slurm("scancel", job)
    status, said = end(process)
    assert status == 1
    assert "1 of 2 populations failed" in said.splitlines()[-1]
    assert f"CANCELLED without a result (job {job}" in " ".join(said.split())
    assert len(tables(tmp_path, ADHOC)[1]) == 1
    status, said = end(start(tmp_path, *LONG, *grid, *JOBS))
    assert status == 0
    assert "2 runs, 1 done, 1 to train" in said
    assert len(tables(tmp_path, ADHOC)[1]) == 2


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ("hydra.launcher.partition=nowhere", "Invalid partition name"),
        ("hydra.launcher.gpus_per_node=1", "Invalid generic resource"),
    ],
)
def test_what_slurm_refuses_is_said(setting: str, answer: str, tmp_path: Path) -> None:
    status, said = end(start(tmp_path, *SHORT, "optimizer.alpha=0.01,0.1", *JOBS, setting))
    assert status == 2
    assert answer in said.splitlines()[-1]
    assert "Traceback" not in said
