"""What docs/readings.md says of Figure 4 at full."""

from pathlib import Path

import pandas as pd
import pytest

from adamrepro.results.fidelity import figure_4_losses
from adamrepro.results.reference import read_reference
from adamrepro.results.schema import Tables

FULL = Path(__file__).parents[2] / "results" / "published" / "full" / "fig4"


def test_all_of_the_grid_and_how_far_from_the_papers_points() -> None:
    runs = Tables.read(FULL).runs
    assert (len(runs), (runs["status"] == "diverged").sum()) == (84, 25)
    points = pd.read_csv(FULL / "summary.csv")
    median = points.groupby(["epochs", "series"])["nats"].median().round(2)
    assert median.to_dict() == {
        (10, "corrected"): 1.21,
        (10, "uncorrected"): 2.17,
        (100, "corrected"): 0.40,
        (100, "uncorrected"): 0.34,
    }
    assert points["nats"].max() == pytest.approx(298, abs=0.5)
    assert points["diverged"].value_counts()[["ours", "paper"]].tolist() == [4, 10]


def test_the_lowest_loss_is_without_correction_here_as_in_the_paper() -> None:
    tables = Tables.read(FULL)
    ours = figure_4_losses(tables.runs, tables.curves, [100])
    reference = read_reference("fig4")
    theirs = reference[reference["epochs"] == 100]
    lowest = {}
    for whose, losses in (("ours", ours), ("paper", theirs)):
        best = losses.loc[losses.groupby("series")["loss"].idxmin()].set_index("series")
        at = best.loc["uncorrected", ["beta1", "beta2", "alpha"]].astype(float).tolist()
        assert at == pytest.approx([0.9, 0.999, 0.001], rel=1e-3)
        lowest[whose] = best["loss"][["uncorrected", "corrected"]].tolist()
    assert lowest["ours"] == pytest.approx([98.94, 99.12], abs=0.005)
    assert lowest["paper"] == pytest.approx([98.68, 99.05], abs=0.005)
