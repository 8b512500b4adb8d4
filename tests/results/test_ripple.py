"""The ripple of Figure 1a: what docs/readings.md says of the paper's curves and of ours."""

from pathlib import Path

import numpy as np
import pandas as pd

from adamrepro.claims.selection import ABOUT
from adamrepro.results.reference import CURVE_PANELS, read_reference
from adamrepro.results.schema import Tables
from adamrepro.results.select import scored

ROOT = Path(__file__).parents[2]
FULL = ROOT / "results" / "published" / "full" / "fig1a"
PERIOD = 6
SERIES = ("AdaGrad", "SGDNesterov", "Adam")


def ripple(costs: np.ndarray) -> np.ndarray:
    """log cost about its running mean over a period, from x = 8 on; costs [passes] from x = 0."""
    window = np.array([0.5, *[1.0] * (PERIOD - 1), 0.5]) / PERIOD
    mean = np.convolve(np.log(costs), window, "valid")
    return (np.log(costs)[PERIOD // 2 : -PERIOD // 2] - mean)[5:]


def at_one_period(noise: np.ndarray) -> float:
    return float(np.corrcoef(noise[:-PERIOD], noise[PERIOD:])[0, 1])


def paper(series: str) -> np.ndarray:
    reference = read_reference("fig1a")
    return ripple(reference[reference["series"] == series].sort_values("x")["y"].to_numpy())


def ours(series: str) -> list[np.ndarray]:
    """A ripple per seed, of the setting nearest the paper's curve."""
    tables, summary = Tables.read(FULL), pd.read_csv(FULL / "summary.csv")
    chosen = summary[(summary["series"] == series) & (summary["selection"] == "recovered")]
    runs = tables.runs[tables.runs["setting_id"].isin(chosen["setting_id"])]
    curves = tables.curves[tables.curves["epoch"] > 0].sort_values("epoch")
    return [
        ripple(curves[curves["run_id"] == run]["train_cost"].to_numpy()) for run in runs["run_id"]
    ]


def between(values: list[float], form: str) -> str:
    return f"{min(values):{form}} to {max(values):{form}}"


def test_the_page_says_what_the_tables_say() -> None:
    page = " ".join((ROOT / "docs" / "readings.md").read_text().split())
    theirs = {name: paper(name) for name in SERIES}
    found = {name: ours(name) for name in SERIES}
    assert {len(of) for of in found.values()} == {6}
    repeats = [at_one_period(noise) for of in found.values() for noise in of]
    assert f"{between(repeats, '.2f')} for every optimizer and seed" in page
    assert f"paper {between([at_one_period(noise) for noise in theirs.values()], '.2f')}" in page
    for name in SERIES:
        own = between([100 * float(noise.std()) for noise in found[name]], ".2f")
        assert f"{own} % ({name}; the paper {100 * theirs[name].std():.2f})" in page
    alike = [
        float(np.corrcoef(noise[: len(theirs[name])], theirs[name][: len(noise)])[0, 1])
        for name in SERIES
        for noise in found[name]
    ]
    assert f"the correlation with the paper's curve ranges from {between(alike, '.2f')}" in page


def test_the_papers_curve_does_not_tell_adams_beta1() -> None:
    tables = Tables.read(FULL)
    grid = scored(tables.runs, tables.curves, CURVE_PANELS["fig1a"], read_reference("fig1a"))
    adam = grid[grid["series"] == "Adam"].groupby("optimizer.beta1")["dex"].min()
    assert adam.idxmin() == 0.0
    assert adam[[0.0, 0.5, 0.9]].max() - adam.min() < 0.0006 < ABOUT
