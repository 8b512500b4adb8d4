"""Results tables that resemble the paper's curves, for tests that need no training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from adamrepro.results.reference import Panel, panel_of, read_reference
from adamrepro.results.schema import COSTS, RUN_RECORD_COLUMNS, Tables

CONFIG = {"dataset.name": "mnist", "dataset.examples": np.nan, "training.l2": 0.0}
# What a grid of step sizes does to a curve: (factor on alpha, factor on the cost).
GRID = ((0.1, 1.6), (0.3, 1.2), (1.0, 1.0), (3.0, 0.93), (10.0, np.inf))
CONFIRM_SEEDS = (1, 2, 3)


def paper_curve(panel: Panel, series: str) -> pd.Series:
    """The paper's curve by epoch of ours, from epoch 1 on, its gaps filled on the log scale."""
    reference = read_reference(panel.name)
    points = reference[reference["series"] == series]
    epochs = points["x"] / panel.stretch_of(series) + panel.shift_of(series)
    asked = np.arange(1, panel.last_epoch_of(series) + 1)
    known = np.log10(points[panel.y_reference].to_numpy())
    return pd.Series(10 ** np.interp(asked, epochs, known), index=asked)


def relative(name: str, panel: Panel) -> str:
    """The drawn series of the same optimizer as an extra one."""
    kin = (f"{name}+dropout", name.removesuffix("+dropout"))
    return next(other for other in kin if other in panel.series)


def tables_like(
    experiment: str,
    *,
    curves: Mapping[str, pd.Series] | None = None,
    grid: Iterable[tuple[float, float]] = GRID,
    confirm: Iterable[int] = CONFIRM_SEEDS,
    epochs: int | None = None,
    noise: float = 0.003,
    source: str = "canonical",
    config: Mapping[str, object] | None = None,
) -> Tables:
    """A grid with seed 0 around the paper's curves (or `curves`), and confirmation seeds."""
    panel = panel_of(experiment)
    if curves is None:
        curves = {name: paper_curve(panel, name) for name in panel.series}
        curves |= {name: curves[relative(name, panel)] * 0.6 for name in panel.extra}
    random = np.random.default_rng(0)
    runs: list[dict[str, object]] = []
    rows: list[pd.DataFrame] = []
    for series, curve in curves.items():
        curve = curve[curve.index <= epochs] if epochs else curve
        for alpha, factor in grid:
            chosen = factor in (1.0, 0.93)
            for seed in (0, *(confirm if chosen else ())):
                run = {
                    "run_id": f"{series}-{alpha:g}-{seed}",
                    "setting_id": f"{series}-{alpha:g}",
                    "experiment": experiment,
                    "series": series,
                    "reading": "",
                    "role": "confirm" if seed else "grid",
                    "status": "done" if np.isfinite(factor) else "diverged",
                    "diverged_epoch": np.nan if np.isfinite(factor) else 2,
                    **CONFIG,
                    "training.epochs": int(max(curve.index)),
                    "optimizer.alpha": 0.001 * alpha,
                    "seed": seed,
                    **(config or {}),
                    **_record(source),
                }
                runs.append(run)
                shaken = curve * factor * np.exp(random.normal(0, noise, len(curve)))
                rows.append(
                    _rows(str(run["run_id"]), shaken if np.isfinite(factor) else shaken[:1])
                )
    return Tables(pd.DataFrame(runs), pd.concat(rows, ignore_index=True))


def figure_4_tables(
    *, last: int = 100, source: str = "canonical", seeds: Iterable[int] = (0,), shift: float = 0.5
) -> Tables:
    """Figure 4 as in the paper, `shift` nats above it, what it does not show filled in."""
    reference = read_reference("fig4")
    keys = ["series", "beta1", "beta2", "alpha", "epochs"]
    known = reference.set_index(keys)["loss"].to_dict()
    alphas = sorted(set(reference["alpha"]))
    runs: list[dict[str, object]] = []
    rows: list[pd.DataFrame] = []
    for series in ("corrected", "uncorrected"):
        for beta1 in (0.0, 0.9):
            for beta2 in (0.99, 0.999, 0.9999):
                for alpha in alphas:
                    late = [known.get((series, beta1, beta2, alpha, k)) for k in (10, 100)]
                    # What the paper's panels lost: slow at small steps, diverged at large ones.
                    late = [(200.0 if alpha < 1e-4 else 400.0) if v is None else v for v in late]
                    gone = late[1] >= 400
                    for seed in seeds:
                        setting = f"{series}-{beta1}-{beta2}-{alpha}"
                        runs.append(
                            {
                                "run_id": f"{setting}-{seed}",
                                "setting_id": setting,
                                "experiment": "fig4",
                                "series": series,
                                "reading": "",
                                "role": "grid",
                                "status": "diverged" if gone else "done",
                                "diverged_epoch": (2 if late[0] >= 400 else 11) if gone else np.nan,
                                **CONFIG,
                                "training.epochs": last,
                                "optimizer.alpha": alpha,
                                "optimizer.beta1": beta1,
                                "optimizer.beta2": beta2,
                                "optimizer.bias_correction": series == "corrected",
                                "seed": seed,
                                **_record(source),
                            }
                        )
                        asked = np.arange(1, last + 1)
                        loss = np.interp(np.log(asked), np.log([1, 10, 100]), [200, *late])
                        curve = pd.Series(loss + shift + 0.1 * seed, index=asked)
                        rows.append(_rows(f"{setting}-{seed}", curve))
    return Tables(pd.DataFrame(runs), pd.concat(rows, ignore_index=True))


def _record(source: str) -> dict[str, object]:
    record: dict[str, object] = dict.fromkeys(RUN_RECORD_COLUMNS, "")
    return record | {
        "data_source": source,
        "seconds": 100.0,
        "cpu_seconds": 100.0,
        "device": "cpu",
        "threads": 1,
    }


def _rows(run_id: str, curve: pd.Series) -> pd.DataFrame:
    epochs = [0, *curve.index]
    cost = [np.nan, *curve]
    table = pd.DataFrame({"run_id": run_id, "epoch": epochs, **dict.fromkeys(COSTS, np.nan)})
    table["train_cost"] = cost
    table["train_objective"] = cost
    table["train_nll"] = table["test_nll"] = [2.303, *curve]
    return table
