"""The same runs come out of every launcher: ours, Hydra's basic, joblib, and jobs of a cluster."""

from pathlib import Path

import pytest

from commandline import CommandResult, train
from small import tables

GRID = ["optimizer.alpha=1e-3,1e-2", "seed=0,1"]
SIZES = ["dataset.examples=200", "training.epochs=1", "training.batch_size=20"]
ADHOC = Path("adhoc-stand-in/adhoc")
LOCAL = ["hydra/launcher=slurm", "hydra.launcher.cluster=local", "hydra.launcher.poll_seconds=0.2"]
LAUNCHERS = {
    "population": ["hydra/launcher=population"],
    "basic": ["hydra/launcher=basic"],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "jobs": LOCAL,
}


def sweep(capsys: pytest.CaptureFixture[str], results: Path, *settings: str) -> CommandResult:
    places = [f"data.root={results}/none", "data.download=false", "data.stand_in=true"]
    return train(capsys, "-m", *SIZES, *places, f"results={results}", *settings)


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.slow if each == "joblib" else ()) for each in LAUNCHERS],
)
def test_a_grid_of_the_users_own(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = ["0"] if name == "jobs" else ["0", "1"]  # each is a process that imports torch
    grid = [GRID[0], f"seed={','.join(seeds)}"]
    ended = sweep(capsys, tmp_path, *grid, *LAUNCHERS[name])
    assert ended.status == 0, ended.err
    _, runs = tables(tmp_path, ADHOC)
    found = {(run["optimizer.alpha"], run["seed"], run["status"]) for run in runs}
    assert found == {(a, s, "done") for a in ("0.001", "0.01") for s in seeds}
    groups = len(seeds) if name in ("population", "jobs") else 0  # a population per seed
    # what worker processes of joblib print passes this process by
    assert ended.err.count("x2: done") == groups, ended.err


def test_an_experiment_and_its_confirmation_without_populations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = ["experiment=fig1a", "budget=smoke", "series=Adam", "seeds.confirm=[7]"]
    ended = sweep(capsys, tmp_path, *experiment, "hydra/launcher=basic")
    assert ended.status == 0, ended.err
    _, runs = tables(tmp_path, Path("smoke-stand-in/fig1a"))
    assert {(run["role"], run["seed"]) for run in runs} == {("grid", "0"), ("confirm", "7")}


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ("hydra.launcher.partiton=x", "hydra.launcher.partiton: no such key; did you mean"),
        ("hydra.launcher.cluster=pbs", "hydra.launcher.cluster=pbs: Invalid value"),
        ("hydra.launcher.timeout_min=0", "hydra.launcher.timeout_min=0: expected a whole number"),
        ("hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=120: expected"),
        ("hydra.launcher.gpus_per_node=2", "hydra.launcher.gpus_per_node=2: expected 0 or 1"),
        ("execution.device=cuda", "execution.device=cuda: expected auto or cpu"),
    ],
)
def test_mistakes_are_named(
    setting: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = sweep(capsys, tmp_path, *GRID, *LOCAL, setting)
    assert ended.status == 2
    assert answer in ended.err.splitlines()[-1]
    assert list(tmp_path.rglob("*.csv")) == []


def test_no_slurm_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = sweep(capsys, tmp_path / "results", *GRID, "hydra/launcher=slurm")
    assert ended.status == 2
    assert "there is no srun on this machine" in ended.err.splitlines()[-1]


def test_what_sbatch_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written down by a stand-in for sbatch, which then refuses; this machine needs no GPU."""
    commands = {
        "srun": "",
        "squeue": "",
        "sbatch": f"/bin/cp $1 {tmp_path}/asked; echo sbatch: error: not today >&2; exit 1",
    }
    for name, line in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = {
        "partition": "gpu",
        "gpus_per_node": "1",
        "cpus_per_task": "3",
        "timeout_min": "60",
        "array_parallelism": "7",
        "setup": "['module load cuda']",
    }
    asked = [f"hydra.launcher.{key}={value}" for key, value in settings.items()]
    asked.append("+hydra.launcher.additional_parameters.mail-user=me@there")
    ended = sweep(capsys, tmp_path, *GRID, "model=mlp", "hydra/launcher=slurm", *asked)
    assert ended.status == 2
    assert "sbatch: error: not today" in ended.err.splitlines()[-1]
    lines = (tmp_path / "asked").read_text().splitlines()
    options = dict(line.removeprefix("#SBATCH --").partition("=")[::2] for line in lines)
    expected = {
        "partition": "gpu",
        "gpus-per-node": "1",
        "cpus-per-task": "3",
        "time": "60",
        "mem": "8GB",
        "signal": "USR2@120",
        "requeue": "",
        "array": "0-1%2",  # by seed: on a GPU both step sizes of an MLP train together
        "mail-user": "me@there",
    }
    assert {key: options.get(key) for key in expected} == expected
    assert "module load cuda" in lines
    (command,) = (line for line in lines if line.startswith("srun"))
    assert "--cpus-per-task=3" in command
    assert "submitit.core._submit" in command
