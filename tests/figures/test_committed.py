"""The committed figures and summaries are what their tables give, byte for byte."""

import shutil
import subprocess
from pathlib import Path

import pytest

from adamrepro.figures import FIGURES, draw

ROOT = Path(__file__).parents[2]


def committed() -> list[tuple[str, str]]:
    """Budget and name of each of the paper's figures in the repository; none outside of one."""
    command = ["git", "-C", str(ROOT), "ls-files", "figures/published"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    paths = [Path(line) for line in listed.split()]
    found = sorted({(path.parts[2], path.stem.removesuffix("_tuned")) for path in paths})
    return [(budget, name) for budget, name in found if name in FIGURES]


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "name"), committed())
def test_redrawing_changes_nothing(budget: str, name: str, tmp_path: Path) -> None:
    results, figures = tmp_path / "results" / "published", tmp_path / "figures" / "published"
    shutil.copytree(ROOT / "results" / "published" / budget / name, results / budget / name)
    drawn = draw(name, results=results, figures=figures, budget=budget)
    for path in drawn.paths:
        assert path.read_bytes() == (ROOT / path.relative_to(tmp_path)).read_bytes(), path.name
    there = {path.name for path in (ROOT / "figures" / "published" / budget).glob(f"{name}*")}
    assert {path.name for path in figures.rglob(f"{name}*")} == there
