"""What summary.csv says of an experiment's curves: which settings stand for them, and how near."""

from __future__ import annotations

import pandas as pd

from adamrepro.results.fidelity import distances
from adamrepro.results.kinds import Status
from adamrepro.results.panel import CurvePanel
from adamrepro.results.schema import Tables
from adamrepro.results.select import choose, costs_at_horizon, drawn_runs, hyper_parameters


def summary(tables: Tables, panel: CurvePanel, reference: pd.DataFrame) -> pd.DataFrame:
    """A row per series and selection, over its drawn seeds.

    Columns series, selection, setting, setting_id, drawn (confirm | grid), seeds, diverged, points,
    fidelity_mean, fidelity_min, fidelity_max (dex), epoch, cost_mean, cost_min, cost_max
    (plotted there), at_edge.
    """
    rows: list[dict[str, object]] = []
    for choice in choose(tables.runs, tables.curves, panel, reference):
        runs = drawn_runs(tables.runs, choice)
        found = distances(runs, tables.curves, panel, reference)
        last = costs_at_horizon(runs, tables.curves, panel)
        family = tables.runs[tables.runs["series"] == choice.series]
        rows.append(
            {
                "series": choice.series,
                "selection": str(choice.selection),
                "setting": describe(runs.iloc[0], hyper_parameters(family)),
                "setting_id": choice.setting_id,
                "drawn": runs["role"].iloc[0],
                "seeds": len(runs),
                "diverged": int((runs["status"] == Status.DIVERGED).sum()),
                "points": int(found["points"].min()),
                **_mean_and_range("fidelity", found["dex"]),
                "epoch": int(last["epoch"].max()),
                **_mean_and_range("cost", last["cost"]),
                "at_edge": " ".join(choice.at_edge),
            }
        )
    return pd.DataFrame(rows)


def describe(run: pd.Series, columns: list[str]) -> str:
    """The run's values of `columns`, as in "alpha=0.001 l2=0"."""
    shown = dict.fromkeys(["optimizer.alpha", *columns])
    values = {name: run[name] for name in shown if name in run.index and pd.notna(run[name])}
    return " ".join(f"{name.rpartition('.')[2]}={value:g}" for name, value in values.items())


def _mean_and_range(name: str, values: pd.Series[float]) -> dict[str, float]:
    return {
        f"{name}_mean": float(values.mean()),
        f"{name}_min": float(values.min()),
        f"{name}_max": float(values.max()),
    }
