"""Made-up tables of rules beside tuned Adam, on a task."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.results.schema import Tables
from adamrepro.results.tasks import BASELINE

PASSES = 10


def made_up(rules: dict[str, float], late: str = "") -> Tables:
    """Three step sizes of each rule, 0.1 dex apart, and three seeds of the middle one.

    rules: how far each lies above the cost of Adam, in dex. late: a rule that lies 0.2 dex lower
    after half of the passes.
    """
    runs, curves = [], []
    for series, dex in {BASELINE: 0.0, **rules}.items():
        for place in range(3):
            for seed in (0, 1, 2, 3) if place == 1 else (0,):
                name = f"{series}-{place}-{seed}"
                cost = np.geomspace(1, 0.1, PASSES + 1) * 10 ** (dex + 0.1 * abs(place - 1))
                if series == late:
                    cost[PASSES // 2 :] *= 10**-0.2
                runs.append(
                    {
                        "run_id": name,
                        "setting_id": f"{series}-{place}",
                        "experiment": "after_adam_made_up",
                        "series": series,
                        "reading": "",
                        "role": "confirm" if seed else "grid",
                        "status": "done",
                        "diverged_epoch": np.nan,
                        "optimizer.alpha": 3e-3 * 10.0 ** (place - 1),
                        "training.epochs": PASSES,
                        "seed": seed,
                        "data_source": "canonical",
                        "data_sha": "0",
                        "seconds": 1.0,
                        "optimizer_mb": 1.0,
                        "device": "cpu",
                        "threads": 1,
                        "commit": "",
                        "checksum": "",
                    }
                )
                frame = pd.DataFrame({"run_id": name, "epoch": range(PASSES + 1)})
                curves.append(
                    frame.assign(
                        train_cost=cost,
                        train_objective=cost,
                        train_nll=2.0,
                        test_nll=2.0,
                        test_error=0.02,
                    )
                )
    return Tables(pd.DataFrame(runs), pd.concat(curves, ignore_index=True))
