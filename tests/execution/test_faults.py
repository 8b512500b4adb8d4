"""What else goes wrong while a sweep runs: each with a real process, and the same command after."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from sweep import long_sweep
from watching import checkpoints, ended, start, until

from adamrepro.execution import run_batch
from adamrepro.results.store import Store
from small import TABLES, tables

pytestmark = pytest.mark.slow
Whole = tuple[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The tables of the sweep when nothing happens to it."""
    results = tmp_path_factory.mktemp("whole")
    run_batch(long_sweep(results), processes=False)
    return tables(results)


def run(results: Path, workers: int = 1, **variables: str) -> tuple[int, str]:
    return ended(start(results, workers, subprocess.PIPE, **variables))


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take what space there is, to the last block."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            return


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_fills_up(workers: int, disk: Path, whole: Whole) -> None:
    results, ballast = disk / "results", disk / "ballast"
    process = start(results, workers, subprocess.PIPE)
    until(lambda: checkpoints(results), process)
    while process.poll() is None:  # each checkpoint frees the room of the one before
        fill(ballast)
        time.sleep(0.002)
    status, said = ended(process)
    assert status == 2
    assert said.splitlines()[-2].startswith(f"{results / 'runs' / TABLES}: cannot be written (No ")
    assert "make space" in said.splitlines()[-2]
    assert "the same command then goes on" in said.splitlines()[-1]
    assert "Traceback" not in said
    left = checkpoints(results)
    assert left
    status, said = run(results, workers)  # nothing is trained in vain
    assert status == 2
    assert "No space left" in said
    assert checkpoints(results) == left
    ballast.unlink()
    status, said = run(results, workers)
    assert (status, "starting over" in said) == (0, False)
    assert tables(results) == whole


def test_a_disk_that_cannot_be_written(disk: Path, whole: Whole) -> None:
    results = disk / "results"
    mount("-o", "remount,ro", str(disk))
    status, said = run(results)
    assert status == 2
    assert said.splitlines()[-2].startswith(f"{results / 'runs' / TABLES}: cannot be written (Read")
    assert "choose another folder" in said.splitlines()[-2]
    assert "Traceback" not in said
    mount("-o", "remount,rw", str(disk))
    assert run(results)[0] == 0
    assert tables(results) == whole
    mount("-o", "remount,ro", str(disk))
    assert run(results)[0] == 0  # what is done needs no writing


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_version(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    torch.save({**state, "version": state["version"] + 1}, path)


@pytest.mark.parametrize(
    ("damage", "said_of_it"),
    [(truncated, "unreadable checkpoint"), (of_another_version, "checkpoint of another version")],
)
def test_a_checkpoint_that_cannot_be_used(
    damage: Callable[[Path], None], said_of_it: str, tmp_path: Path, whole: Whole
) -> None:
    results = tmp_path / "results"
    process = start(results)
    until(lambda: checkpoints(results), process)
    process.kill()
    process.wait()
    until(lambda: not [held for _, held, _ in long_sweep_store(results).locks() if held])
    (path,) = checkpoints(results)
    damage(path)
    status, said = run(results)
    assert status == 0
    assert f"{path}: {said_of_it}" in " ".join(said.split())
    assert tables(results) == whole


def long_sweep_store(results: Path) -> Store:
    return Store(results, TABLES.parts[0], TABLES.parts[1])


def test_a_worker_without_memory(tmp_path: Path, whole: Whole) -> None:
    results = tmp_path / "results"
    status, said = run(results, workers=2, STARVE="sgd")
    assert status == 1
    said = " ".join(said.replace("│", " ").split())
    assert "fig1a sgd curve seed 0 x1" in said
    assert "can't allocate memory" in said
    assert "execution.population=N" in said
    assert said.endswith("what is done is kept, the same command tries the rest")
    assert {row["series"] for row in tables(results)[1]} == {"adam curve", "adagrad curve"}
    assert run(results, workers=2)[0] == 0
    assert tables(results) == whole


def test_a_clock_that_jumps(tmp_path: Path, whole: Whole) -> None:
    results = tmp_path / "results"
    began = time.monotonic()
    assert run(results, CLOCK="jumps")[0] == 0
    assert tables(results) == whole
    lines = (results / TABLES / "runs.csv").read_text().splitlines()
    column = lines[0].split(",").index("seconds")
    seconds = [float(line.split(",")[column]) for line in lines[1:]]
    assert min(seconds) > 0
    assert sum(seconds) < time.monotonic() - began
