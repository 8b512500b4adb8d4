"""Two `make reproduce` in one folder, for real: one experiment, on the digits a package ships."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from small import tables


def start(results: Path) -> "subprocess.Popen[str]":
    folders = ["--results", str(results), "--figures", str(results / "figures")]
    environment = {k: v for k, v in os.environ.items() if k != "ADAMREPRO_DATA"}
    return subprocess.Popen(
        [sys.executable, "-m", "adamrepro", "reproduce", "fig1a", "--budget", "smoke", *folders],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_two_at_once_give_what_one_gives(tmp_path: Path) -> None:
    together, alone = tmp_path / "together", tmp_path / "alone"
    pair = [start(together) for _ in range(2)]
    for process in (*pair, start(alone)):
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "fig1a_tuned.png" in said
    assert tables(together) == tables(alone)
    for name in ("summary.csv", "runs.csv"):
        assert (together / "smoke-stand-in" / "fig1a" / name).is_file()
    left = [path for path in together.rglob("*") if path.suffix in (".json", ".ckpt")]
    assert left == []
    assert [path for path in together.rglob(".*") if path.is_file()] == []
