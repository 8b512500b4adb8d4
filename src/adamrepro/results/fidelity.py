"""How far our curves are from the paper's: root mean square of log10(ours/paper), in dex.

Taken over the points that the paper shows and we have; how many these were is always reported.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.results.reference import FIGURE_4_CAP, Panel

_SETTING = ["series", "beta1", "beta2", "alpha"]


def plotted(runs: pd.DataFrame, curves: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Our curves on the panel's axes.

    Columns run_id, series, epoch, x, y; a row per run and epoch at which the cost is known.
    """
    points = curves.merge(runs[["run_id", "series"]], on="run_id")
    y = pd.Series(np.nan, index=points.index)
    for series, rows in points.groupby("series"):
        y[rows.index] = rows[panel.cost_of(str(series))]
    # before any step there is no mean over a pass
    y = y.where(points["epoch"] > 0, points["train_nll"])
    passes = points["epoch"] - points["series"].map(panel.shift_of)
    x = passes * points["series"].map(panel.stretch_of)
    points = points[["run_id", "series", "epoch"]].assign(x=x, y=y)
    return points[(points["x"] >= 0) & points["y"].notna()]


def distances(
    runs: pd.DataFrame, curves: pd.DataFrame, panel: Panel, reference: pd.DataFrame
) -> pd.DataFrame:
    """Fidelity of each run: index run_id, columns dex and points.

    dex is nan where no point is common, inf for a run that diverged.
    """
    paper = reference.loc[reference["visible"], ["series", "x", panel.y_reference]]
    paper = paper.rename(columns={panel.y_reference: "paper"})
    common = plotted(runs, curves, panel).merge(paper, on=["series", "x"])
    common = common.sort_values(["run_id", "x"])  # sums round alike whatever the tables' order
    square = _log10(common["y"] / common["paper"]) ** 2
    found = square.groupby(common["run_id"]).agg(["mean", "size"])
    found = found.reindex(pd.Index(runs["run_id"]))
    diverged = (runs["status"] == "diverged").to_numpy()
    dex = (found["mean"] ** 0.5).mask(diverged, np.inf)
    return pd.DataFrame({"dex": dex, "points": found["size"].fillna(0).astype(int)})


def figure_4_losses(runs: pd.DataFrame, curves: pd.DataFrame, epochs: list[int]) -> pd.DataFrame:
    """Our losses after each of `epochs`: columns series, beta1, beta2, alpha, epochs, seed, loss.

    A run that had diverged by then has the paper's cap of 400 nats, as in the paper.
    """
    settings = runs.rename(columns=lambda name: name.removeprefix("optimizer."))
    settings = settings[["run_id", *_SETTING, "seed", "diverged_epoch"]]
    asked = settings.merge(pd.DataFrame({"epochs": epochs}), how="cross")
    costs = curves[["run_id", "epoch", "train_cost"]].rename(columns={"epoch": "epochs"})
    found = asked.merge(costs, on=["run_id", "epochs"], how="left")
    gone = found["diverged_epoch"] <= found["epochs"]
    loss = found["train_cost"].where(~gone, FIGURE_4_CAP).clip(upper=FIGURE_4_CAP)
    found = found.assign(loss=loss)
    return found.loc[found["loss"].notna(), [*_SETTING, "epochs", "seed", "loss"]]


def figure_4_points(losses: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Grid point by grid point, ours (mean over seeds) against the paper's.

    Columns series, beta1, beta2, alpha, epochs, visible, paper, ours, nats (absolute difference),
    dex (its sign dropped too). A point at which both diverged has neither nats nor dex.
    """
    ours = losses.groupby([*_SETTING, "epochs"], sort=False, as_index=False).agg(
        ours=("loss", "mean")
    )
    paper = reference[[*_SETTING, "epochs", "visible", "loss"]].rename(columns={"loss": "paper"})
    # alpha is matched on its logarithm: 3e-05 read from a table need not be the same float.
    keys = ["series", "beta1", "beta2", "epochs", "_alpha"]
    found = ours.assign(_alpha=np.log10(ours["alpha"]).round(6)).merge(
        paper.assign(_alpha=np.log10(paper["alpha"]).round(6)).drop(columns="alpha"), on=keys
    )
    both = (found["ours"] >= FIGURE_4_CAP) & (found["paper"] >= FIGURE_4_CAP)
    nats = (found["ours"] - found["paper"]).abs().mask(both)
    dex = _log10(found["ours"] / found["paper"]).abs().mask(both)
    columns = [*_SETTING, "epochs", "visible", "paper", "ours"]
    return found[columns].assign(nats=nats, dex=dex)


def figure_4_summary(points: pd.DataFrame) -> pd.DataFrame:
    """Over the points that the paper shows, a row per epochs and series.

    Columns epochs, series, points, median_nats, largest_nats, fidelity (RMS, dex).
    """
    shown = points[points["visible"] & points["nats"].notna()]
    shown = shown.assign(square=shown["dex"] ** 2)
    found = shown.groupby(["epochs", "series"], sort=True, as_index=False).agg(
        points=("nats", "size"),
        median_nats=("nats", "median"),
        largest_nats=("nats", "max"),
        square=("square", "mean"),
    )
    return found.assign(fidelity=found["square"] ** 0.5).drop(columns="square")


def _log10(ratio: pd.Series[float]) -> pd.Series[float]:
    # A cost of exactly 0 is infinitely far, which is meant.
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.Series(np.log10(ratio.to_numpy()), index=ratio.index)
