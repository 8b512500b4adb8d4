"""Made-up tables of optimizers beside tuned Adam, on a task."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from adamrepro.results.schema import RUN_RECORD_COLUMNS, Tables
from adamrepro.results.tasks import BASELINE

PASSES = 10
ADAM, MINE = BASELINE, "Mine"
ERRORS = {ADAM: 0.03}
"""Test error by series, 0.02 where nothing is said; a thousandth more for each seed."""

Member = tuple[dict[str, object], pd.DataFrame]


def members(
    series: str,
    dex: float = 0.0,
    *,
    column: str = "optimizer.alpha",
    best: int = 1,
    scatter: float = 0.0,
    diverged: tuple[str, ...] = (),
    late: float = 0.0,
    **facts: object,
) -> Iterator[Member]:
    """Three step sizes, 0.1 dex apart, and three seeds of the best: a row and a curve of each run.

    dex: how far the best lies above the cost 1 to 0.1. best: its place. scatter: between its seeds,
    in dex. diverged: run_ids, as in Mine-2-0 (of the third step size, seed 0). late: dex that are
    added after half of the passes.
    """
    for place in range(3):
        for seed in (0, 1, 2, 3) if place == best else (0,):
            name = f"{series}-{place}-{seed}"
            gone = name in diverged
            run = {
                **dict.fromkeys(RUN_RECORD_COLUMNS, ""),
                "run_id": name,
                "setting_id": f"{series}-{place}",
                "experiment": "made_up",
                "series": series,
                "reading": "",
                "role": "confirm" if seed else "grid",
                "status": "diverged" if gone else "done",
                "diverged_epoch": 2 if gone else np.nan,
                column: 10.0 ** (place - 3),
                "training.epochs": PASSES,
                "seed": seed,
                "data_source": "canonical",
                "cpu_seconds": 60.0,
                **facts,
            }
            above = dex + 0.1 * abs(place - best) + (scatter * (seed - 2) if seed else 0.0)
            cost = np.geomspace(1, 0.1, PASSES + 1) * 10**above
            cost[PASSES // 2 :] *= 10**late
            curve = pd.DataFrame({"run_id": name, "epoch": range(PASSES + 1)}).assign(
                train_cost=cost,
                train_objective=cost,
                train_nll=2.0,
                test_nll=cost,
                test_error=ERRORS.get(series, 0.02) + 0.001 * seed,
            )
            curve.loc[0, "train_cost"] = np.nan
            yield run, curve.iloc[:1].assign(test_error=0.9) if gone else curve


def tables_of(*optimizers: Iterator[Member]) -> Tables:
    """The tables that hold all of these."""
    found = [member for optimizer in optimizers for member in optimizer]
    runs = pd.DataFrame([run for run, _ in found])
    return Tables(runs, pd.concat([curve for _, curve in found], ignore_index=True))


def beside(dex: float, **about: object) -> Tables:
    """A class whose best step size lies `dex` above Adam's; `about` it as `members` says."""
    facts = {"data_source": "stand-in", "optimizer.code": "mine"}
    mine = members(MINE, dex, column="optimizer.kwargs.lr", **facts, **about)  # type: ignore[arg-type]
    return tables_of(members(ADAM, data_source="stand-in"), mine)


def ranked(rules: dict[str, float], late: str = "") -> Tables:
    """Rules so many dex above Adam each; `late` comes down by 0.2 after half of the passes."""
    return tables_of(
        members(ADAM),
        *(members(name, dex, late=-0.2 * (name == late)) for name, dex in rules.items()),
    )
