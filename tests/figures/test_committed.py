"""The committed figures and summaries are what their tables give, byte for byte."""

import shutil
import subprocess
from pathlib import Path

import pytest

from adamrepro.figures import draw

ROOT = Path(__file__).parents[2]


def committed() -> list[tuple[str, str]]:
    """Budget and name of each figure in the repository; none outside of one."""
    command = ["git", "-C", str(ROOT), "ls-files", "figures"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    paths = [Path(line) for line in listed.split()]
    return sorted({(path.parts[1], path.stem.removesuffix("_tuned")) for path in paths})


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "name"), committed())
def test_redrawing_changes_nothing(budget: str, name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "results" / budget / name, tmp_path / "results" / budget / name)
    figures = tmp_path / "figures"
    drawn = draw(name, results=tmp_path / "results", figures=figures, budget=budget)
    for path in drawn.paths:
        assert path.read_bytes() == (ROOT / path.relative_to(tmp_path)).read_bytes(), path.name
    there = {path.name for path in (ROOT / "figures" / budget).glob(f"{name}*")}
    assert {path.name for path in figures.rglob(f"{name}*")} == there
