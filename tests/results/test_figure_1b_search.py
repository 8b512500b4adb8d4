"""What docs/readings.md says of the search of Figure 1b."""

import re
from pathlib import Path

import pytest

from adamrepro.results.readings import nearest_runs
from adamrepro.results.schema import Tables

ROOT = Path(__file__).parents[2]
SERIES = ["AdaGrad", "RMSProp", "SGDNesterov", "Adam"]


def rows() -> dict[str, list[tuple[float, str]]]:
    """Of the page's table: distance and setting of each series, by reading."""
    text = (ROOT / "docs" / "readings.md").read_text().replace("**", "")
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0] in {"binary", "counts"}:
            cell = re.compile(r"([\d.]+) \((.*)\)")
            pairs = [found_in for text in cells[2:] if (found_in := cell.fullmatch(text))]
            alpha = cells[1].replace("/ ", "by ")
            found[f"features: {cells[0]}; alpha: {alpha}"] = [
                (float(pair[1]), pair[2]) for pair in pairs
            ]
    return found


def test_the_table() -> None:
    nearest = nearest_runs(
        Tables.read(ROOT / "results" / "published" / "search" / "fig1b"), "fig1b"
    )
    nearest = nearest.set_index(["series", "reading"])
    assert len(rows()) == 6
    for reading, cells in rows().items():
        for series, (distance, setting) in zip(SERIES, cells, strict=True):
            row = nearest.loc[(f"{series}+dropout", reading)]
            assert distance == pytest.approx(row["fidelity"], abs=6e-5)
            numbers = re.findall(r"=([\d.]+)", row["setting"])
            assert re.findall(r"[\d.]+", setting) == numbers, (series, reading)
