"""`adamrepro train --help` answers at once: torch, which takes seconds to import, stays out."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
HEAVY = {"torch", "pandas", "matplotlib", "wandb", "submitit", "sklearn", "scipy"}


@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job"], ["-m", "--help"]])
def test_questions_about_settings_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "adamrepro", "train", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "optimizer" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "hydra" in imported
    assert not imported & HEAVY
