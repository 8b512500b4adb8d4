"""Two `make reproduce` in one folder, for real: one experiment, on the digits a package ships."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small import tables

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts, and the configs of Figure 1a alone."""
    folder = tmp_path / "checkout"
    shutil.copytree(PROJECT / "scripts", folder / "scripts")
    shutil.copytree(PROJECT / "configs", folder / "configs")
    for path in (folder / "configs" / "experiment").glob("*.yaml"):
        if path.stem != "fig1a":
            path.unlink()
    return folder


def start(checkout: Path, results: Path) -> "subprocess.Popen[str]":
    script = str(checkout / "scripts" / "reproduce.py")
    folders = ["--results", str(results), "--figures", str(results / "figures")]
    sources = os.pathsep.join(filter(None, [str(PROJECT / "src"), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": sources}
    environment.pop("ADAMREPRO_DATA", None)
    return subprocess.Popen(
        [sys.executable, script, "--budget", "smoke", *folders],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_two_at_once_give_what_one_gives(checkout: Path, tmp_path: Path) -> None:
    together, alone = tmp_path / "together", tmp_path / "alone"
    pair = [start(checkout, together) for _ in range(2)]
    for process in (*pair, start(checkout, alone)):
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "fig1a_tuned.png" in said
    assert tables(together) == tables(alone)
    for name in ("summary.csv", "runs.csv"):
        assert (together / "smoke-stand-in" / "fig1a" / name).is_file()
    left = [path for path in together.rglob("*") if path.suffix in (".json", ".ckpt", ".tmp")]
    assert left == []
    assert not list(together.rglob(".*.csv.*"))
