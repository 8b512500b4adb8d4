"""How far our runs are from the paper's: root mean square of log10(ours/paper), in dex.

Taken over the points that the paper shows and we have; how many these were is always reported.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.results.kinds import Status
from adamrepro.results.panel import CurvePanel, GridPanel, Panel
from adamrepro.results.reference import FIGURE_4

_SETTING = ["series", "beta1", "beta2", "alpha"]


def distances(
    runs: pd.DataFrame, curves: pd.DataFrame, panel: Panel, reference: pd.DataFrame
) -> pd.DataFrame:
    """Fidelity of each run: index run_id, columns dex and points.

    dex is nan where no point is common, inf for a curve of a run that diverged.
    """
    if isinstance(panel, GridPanel):
        losses = figure_4_losses(runs, curves, list(panel.epochs), panel.cost)
        return _root_mean_square(_beside(losses, reference).dropna(subset="dex"), runs)
    found = _root_mean_square(_on_curves(runs, curves, panel, reference), runs)
    diverged = (runs["status"] == Status.DIVERGED).to_numpy()
    return found.assign(dex=found["dex"].mask(diverged, np.inf))


def plotted(runs: pd.DataFrame, curves: pd.DataFrame, panel: CurvePanel) -> pd.DataFrame:
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


def figure_4_losses(
    runs: pd.DataFrame, curves: pd.DataFrame, epochs: list[int], cost: str = FIGURE_4.cost
) -> pd.DataFrame:
    """Our losses after each of `epochs`, for the runs that have one there.

    Columns run_id, series, beta1, beta2, alpha, epochs, seed, loss. The loss is the column `cost`;
    a run that had diverged by then, or is above it, has the paper's cap of 400 nats. What an
    optimizer does not have of beta1, beta2 and alpha is nan.
    """
    settings = runs.rename(columns=lambda name: name.removeprefix("optimizer."))
    settings = settings.reindex(columns=["run_id", *_SETTING, "seed", "diverged_epoch"])
    settings = settings.astype(dict.fromkeys(["beta1", "beta2", "alpha"], float))
    asked = settings.merge(pd.DataFrame({"epochs": epochs}), how="cross")
    costs = curves[["run_id", "epoch", cost]].rename(columns={"epoch": "epochs"})
    found = asked.merge(costs, on=["run_id", "epochs"], how="left")
    gone = found["diverged_epoch"] <= found["epochs"]
    loss = found[cost].where(~gone, FIGURE_4.cap).clip(upper=FIGURE_4.cap)
    found = found.assign(loss=loss)
    return found.loc[found["loss"].notna(), ["run_id", *_SETTING, "epochs", "seed", "loss"]]


def figure_4_points(losses: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Grid point by grid point, ours (mean over seeds) against the paper's.

    Columns series, beta1, beta2, alpha, epochs, visible, paper, ours, lowest, highest, seeds,
    seeds_diverged, diverged (in whose runs: "", ours, some of ours, paper, both), nats (absolute
    difference), dex (its sign dropped too). Every point counts that is known of both, in the frame
    or above it, but for those that diverged in both: these have neither nats nor dex.
    """
    ours = losses.assign(gone=losses["loss"] >= FIGURE_4.cap)
    ours = ours.groupby([*_SETTING, "epochs"], sort=False, as_index=False).agg(
        loss=("loss", "mean"),
        lowest=("loss", "min"),
        highest=("loss", "max"),
        seeds=("seed", "size"),
        seeds_diverged=("gone", "sum"),
    )
    found = _beside(ours, reference).rename(columns={"loss": "ours"})
    spread = ["lowest", "highest", "seeds", "seeds_diverged", "diverged", "nats", "dex"]
    found["diverged"] = _diverged(found)
    return found[[*_SETTING, "epochs", "visible", "paper", "ours", *spread]]


def figure_4_summary(points: pd.DataFrame) -> pd.DataFrame:
    """Over the points that are known of both, a row per epochs and series.

    Columns epochs, series, points, median_nats, largest_nats, fidelity (RMS, dex), only_ours and
    only_paper (how many points diverged in one alone).
    """
    shown = points[points["nats"].notna()]
    shown = shown.assign(
        square=shown["dex"] ** 2,
        only_ours=shown["diverged"] == "ours",
        only_paper=shown["diverged"] == "paper",
    )
    found = shown.groupby(["epochs", "series"], sort=True, as_index=False).agg(
        points=("nats", "size"),
        median_nats=("nats", "median"),
        largest_nats=("nats", "max"),
        fidelity=("square", "mean"),
        only_ours=("only_ours", "sum"),
        only_paper=("only_paper", "sum"),
    )
    return found.assign(fidelity=found["fidelity"] ** 0.5)


def rounded(values: pd.Series[float]) -> pd.Series[float]:
    """To four digits: a step size of 3e-05 that was read from a figure is 3.0000012e-05."""
    return values.map(lambda value: float(f"{value:.4g}"))


def _root_mean_square(common: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Index run_id as in `runs`; columns dex, over the run's rows of `common`, and their number."""
    found = (common["dex"] ** 2).groupby(common["run_id"]).agg(["mean", "size"])
    found = found.reindex(pd.Index(runs["run_id"]))
    points = found["size"].fillna(0).astype(int)
    return pd.DataFrame({"dex": found["mean"] ** 0.5, "points": points})


def _on_curves(
    runs: pd.DataFrame, curves: pd.DataFrame, panel: CurvePanel, reference: pd.DataFrame
) -> pd.DataFrame:
    """Our points and the paper's visible ones at the same x, with their distance in dex."""
    paper = reference.loc[reference["visible"], ["series", "x", panel.y_reference]]
    paper = paper.rename(columns={panel.y_reference: "paper"})
    common = plotted(runs, curves, panel).merge(paper, on=["series", "x"])
    common = common.sort_values(["run_id", "x"])  # sums round alike whatever the tables' order
    return common.assign(dex=_log10(common["y"] / common["paper"]))


def _beside(ours: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Losses of ours with the paper's at the same grid point, if known.

    Further columns: visible, paper, nats, dex.
    """
    keys = ["series", "beta1", "beta2", "epochs", "_alpha"]
    paper = reference.assign(_alpha=rounded(reference["alpha"]))
    paper = paper[[*keys, "visible", "loss"]].rename(columns={"loss": "paper"})
    steps = rounded(ours["alpha"])
    found = ours.assign(_alpha=steps).merge(paper, on=keys, how="left").drop(columns="_alpha")
    both = (found["loss"] >= FIGURE_4.cap) & (found["paper"] >= FIGURE_4.cap)
    return found.assign(
        visible=found["visible"].eq(True),
        nats=(found["loss"] - found["paper"]).abs().mask(both),
        dex=_log10(found["loss"] / found["paper"]).abs().mask(both),
    )


def _diverged(points: pd.DataFrame) -> np.ndarray:
    """Whose runs diverged at each point; "" also where the paper's loss is not known."""
    known = points["paper"].notna()
    paper, ours = points["paper"] >= FIGURE_4.cap, points["ours"] >= FIGURE_4.cap
    some = points["seeds_diverged"] > 0
    cases = [known & paper & ours, paper, known & ours, known & some]
    return np.select(cases, ["both", "paper", "ours", "some of ours"], "")


def _log10(ratio: pd.Series[float]) -> pd.Series[float]:
    # A cost of exactly 0 is infinitely far, which is meant.
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.Series(np.log10(ratio.to_numpy()), index=ratio.index)
