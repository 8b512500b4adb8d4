"""The wheel, installed into an environment of its own: it works in an empty folder."""

import csv
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def run(*command: object, cwd: Path) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ADAMREPRO"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", folder, PROJECT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("needs hatchling, from a package registry")
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and borrows the packages that it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


@pytest.mark.slow
def test_the_wheel_holds_all_that_the_package_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, place in (("configs", "configs"), ("results/reference", "reference")):
        files = [path for path in (PROJECT / folder).rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert f"adamrepro/{place}/{path.relative_to(PROJECT / folder).as_posix()}" in names
    templates = {f"adamrepro/report/templates/{name}" for name in ("page.html", "plots.js")}
    assert {"adamrepro/py.typed", "hydra_plugins/adamrepro/sweeper.py", *templates} <= names
    assert not any(name.startswith(("results", "figures", "tests")) for name in names)


@pytest.mark.slow
def test_an_installed_copy_trains_draws_and_judges_where_it_is_called(
    environment: Path, tmp_path: Path
) -> None:
    command = (environment, "-m", "adamrepro")
    stand_in = ("data.download=false", "data.stand_in=true")
    run(*command, "train", "experiment=fig1a", "budget=smoke", *stand_in, cwd=tmp_path)
    run(*command, "train", "-m", "experiment=fig1a", "budget=smoke", *stand_in, cwd=tmp_path)
    said = run(*command, "plot", "all", "--budget", "smoke-stand-in", cwd=tmp_path)
    assert str(tmp_path / "figures" / "local" / "smoke-stand-in" / "fig1a.png") in said
    run(*command, "claims", "--budget", "smoke-stand-in", cwd=tmp_path)
    assert "fig1a" in run(*command, "status", "--budget", "smoke", cwd=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"results", "figures"}
    with (tmp_path / "results/local/smoke-stand-in/fig1a/runs.csv").open(newline="") as file:
        assert {row["commit"] for row in csv.DictReader(file)} == {""}
