"""What docs/readings.md says of all 201 passes of Figure 2a."""

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.fidelity import distances, plotted
from adamrepro.results.reference import CURVE_PANELS, read_reference
from adamrepro.results.schema import Tables

ROOT = Path(__file__).parents[2]
PANEL = CURVE_PANELS["fig2a"]
SETTINGS = {
    "AdaGrad": {"optimizer.alpha": 0.01},
    "RMSProp": {"optimizer.alpha": 0.0003, "optimizer.decay": 0.99},
    "SGDNesterov": {"optimizer.alpha": 0.03, "optimizer.momentum": 0.9},
    "AdaDelta": {"optimizer.rho": 0.95},
    "Adam": {"optimizer.alpha": 0.0003},
}
"""Those of the page's table; the grid has others."""


@pytest.fixture(scope="module")
def tables() -> Tables:
    tables = Tables.read(ROOT / "results" / "published" / "full" / "fig2a")
    runs = tables.runs[tables.runs["seed"].eq(0)]
    same = [
        all(row[key] == value for key, value in SETTINGS[str(row["series"])].items())
        for _, row in runs.iterrows()
    ]
    return Tables(runs[same], tables.curves)


def shown() -> dict[str, list[float]]:
    """Of the page's table: ours, the paper's, the distance."""
    page = (ROOT / "docs" / "readings.md").read_text()
    _, _, after = page.partition("**All 201 passes.**")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in after.splitlines()
        if line.startswith("| ") and "distance" not in line
    ]
    return {name: [float(cell) for cell in cells] for name, *cells in rows[: len(SETTINGS)]}


def last_ten(points: pd.DataFrame) -> pd.Series:
    return points.groupby("series").apply(lambda of: of.nlargest(10, "x")["y"].mean())


def test_the_table(tables: Tables) -> None:
    reference = read_reference("fig2a")
    ours = last_ten(plotted(tables.runs, tables.curves, PANEL).query("x <= 200"))
    paper = last_ten(reference[reference["visible"]])
    found = distances(tables.runs, tables.curves, PANEL, reference)
    dex = tables.runs["run_id"].map(found["dex"])
    apart = dict(zip(tables.runs["series"], dex, strict=True))
    assert set(shown()) == set(SETTINGS)
    for name, row in shown().items():
        assert row == pytest.approx([ours[name], paper[name], apart[name]], rel=0.01), name


def test_adam_levels_out_at_twice_the_papers_cost() -> None:
    ours, paper, _ = shown()["Adam"]
    assert 1.8 < ours / paper < 2.2
    assert shown()["AdaGrad"][0] < shown()["AdaGrad"][1]
    assert shown()["AdaDelta"][0] > shown()["AdaDelta"][1]
    assert max(shown()[name][0] for name in ("AdaGrad", "SGDNesterov")) == pytest.approx(
        ours, rel=0.1
    )
