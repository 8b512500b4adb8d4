"""Made-up tables of a class beside tuned Adam, on a task."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.results.schema import Tables

PASSES = 10
ADAM, MINE = "tuned Adam", "Mine"
STEPS = {"optimizer.alpha": ADAM, "optimizer.kwargs.lr": MINE}


def made_up(
    dex: float,
    *,
    scatter: float = 0.0,
    best: int = 1,
    diverged: tuple[str, ...] = (),
    has_error: bool = True,
) -> Tables:
    """Three step sizes each, 0.1 dex apart, and three seeds of the best, Mine's `dex` above Adam's.

    scatter: between Mine's seeds, in dex. best: its place in Mine's grid. diverged: run_ids, as in
    Mine-2-0 (of the third step size, seed 0). Mine has a test error of 0.02, Adam one of 0.03.
    """
    runs, curves = [], []
    for column, series in STEPS.items():
        for place in range(3):
            own = best if series == MINE else 1
            for seed in (0, 1, 2, 3) if place == own else (0,):
                name = f"{series}-{place}-{seed}"
                above = 0.1 * abs(place - own) + (dex if series == MINE else 0.0)
                gone = name in diverged
                runs.append(
                    {
                        "run_id": name,
                        "setting_id": f"{series}-{place}",
                        "experiment": "bench_made_up",
                        "series": series,
                        "reading": "",
                        "role": "confirm" if seed else "grid",
                        "status": "diverged" if gone else "done",
                        "diverged_epoch": 2 if gone else np.nan,
                        column: 10.0 ** (place - 3),
                        "optimizer.code": "mine" if series == MINE else np.nan,
                        "training.epochs": PASSES,
                        "seed": seed,
                        "data_source": "stand-in",
                        "cpu_seconds": 60.0,
                    }
                )
                above += scatter * (seed - 2) if seed and series == MINE else 0.0
                cost = np.geomspace(1, 0.1, PASSES + 1) * 10**above
                frame = pd.DataFrame({"run_id": name, "epoch": range(PASSES + 1)})
                frame = frame.assign(train_cost=cost, train_nll=2.0, test_nll=cost)
                error = 0.02 if series == MINE else 0.03
                frame["test_error"] = error + 0.001 * seed if has_error else np.nan
                frame.loc[0, "train_cost"] = np.nan
                if gone:
                    frame = frame.iloc[:1].assign(test_error=0.9 if has_error else np.nan)
                curves.append(frame)
    return Tables(pd.DataFrame(runs), pd.concat(curves, ignore_index=True))
