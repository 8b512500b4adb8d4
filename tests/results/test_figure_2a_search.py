"""What docs/readings.md says of the dropout of Figure 2a."""

import re
from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.readings import nearest_runs
from adamrepro.results.schema import Tables

ROOT = Path(__file__).parents[2]
SEARCH = ROOT / "results" / "published" / "search" / "fig2a"
PASSES = [3, 5, 6, 7, 8]
READINGS = {
    "0.5 on the hidden layers": "dropout: hidden 0.5",
    "and 0.2 on the input": "dropout: input 0.2 hidden 0.5",
}


def rows() -> list[tuple[str, str, list[float]]]:
    """Of the page's table: reading, alpha, costs."""
    text = (ROOT / "docs" / "readings.md").read_text().replace("**", "")
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[0] in READINGS:
            found.append((READINGS[cells[0]], cells[1], [float(cell) for cell in cells[2:]]))
    return found


def test_the_table_of_adam() -> None:
    tables = Tables.read(SEARCH)
    runs = tables.runs[tables.runs["series"] == "Adam"]
    costs = tables.curves.pivot(index="epoch", columns="run_id", values="train_cost")
    assert len(rows()) == 4
    for reading, alpha, shown in rows():
        its = (runs["reading"] == reading) & (runs["optimizer.alpha"] == float(alpha))
        (run,) = runs.loc[its, "run_id"]
        assert shown == pytest.approx(costs.loc[PASSES, run].tolist(), abs=6e-5)


def test_the_words_below_it() -> None:
    text = re.sub(r"\s+", " ", (ROOT / "docs" / "readings.md").read_text())
    assert "(0.029 against 0.080 dex, over three points)" in text
    nearest = nearest_runs(Tables.read(SEARCH), "fig2a").set_index(["series", "reading"])
    found = [nearest.loc[("RMSProp", reading)] for reading in READINGS.values()]
    assert [row["fidelity"] for row in found] == pytest.approx([0.029, 0.080], abs=6e-4)
    assert [row["points"] for row in found] == [3, 3]
    paper = pd.Series([0.1821, 0.1265, 0.1108, 0.0988, 0.0904])
    best = next(costs for _, alpha, costs in rows() if alpha == "0.0003" and costs[0] > 0.15)
    assert (1 - pd.Series(best) / paper).between(0.02, 0.075).all()
