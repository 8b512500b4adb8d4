"""Which runs of a grid stand for each curve: the two selections, and what confirms them.

recovered: the setting whose curve is nearest the paper's (can the paper's curve be had?).
tuned: the setting with the lowest plotted cost at the plotted horizon (what the paper's own
protocol gives). Both are chosen on the grid's seeds and drawn from other seeds (role confirm,
same setting_id). They follow from the tables, hence are never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from adamrepro.errors import UserError
from adamrepro.results.fidelity import distances, plotted
from adamrepro.results.kinds import Role, Status
from adamrepro.results.panel import CurvePanel, GridPanel, Panel
from adamrepro.results.reference import EXPERIMENTS, PANELS, panel_of, read_reference
from adamrepro.results.schema import config_columns

ONLY = "only setting"
"""What stands in `Choice.at_edge` for a grid of one setting."""

_STEP_SIZE = "optimizer.alpha"

_AXES = ("training.l2", "training.batch_size")
"""What a grid may be made of, beside the optimizer's settings."""

_SIZES = ("training.epochs", "dataset.examples", "training.diverged_above")
"""How much was trained, and until when: told by itself."""

NOT_IN_THE_PAPER = pd.DataFrame({"series": [], "x": [], "y": [], "visible": []}).astype(
    {"series": str, "visible": bool}
)
"""The paper's curves of an experiment that it does not have."""


class Selection(StrEnum):
    """What a setting was chosen for."""

    RECOVERED = "recovered"
    TUNED = "tuned"


@dataclass(frozen=True)
class Choice:
    """The setting that stands for a series.

    `score` is the fidelity in dex (recovered) or the cost (tuned) on the grid's seeds. It is nan
    for recovered where the paper shows nothing that our runs reach (the setting is then the tuned
    one), and inf where every run diverged (then the one that lasted longest).
    `run_id` is the grid's first run of the setting. `at_edge` names the hyper-parameters whose
    value is the smallest or largest of the grid, a step size that was not varied among them; in a
    grid of one setting it is ONLY.
    """

    series: str
    selection: Selection
    setting_id: str
    run_id: str
    score: float
    at_edge: tuple[str, ...]


def choose(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    panel: Panel | str,
    reference: pd.DataFrame | None = None,
) -> list[Choice]:
    """Recovered and tuned setting of each series, from the grid's rows of the chosen reading.

    `panel` may be an experiment's name, also of one that is not in the paper. Series come in the
    panel's order, then any that it does not know. Where every point is shown (Figure 4) nothing is
    chosen. No grid rows: UserError.
    """
    panel = panel_for(panel, runs) if isinstance(panel, str) else panel
    if isinstance(panel, GridPanel):
        return []
    if reference is None:
        reference = read_reference(panel.name) if panel.name in PANELS else NOT_IN_THE_PAPER
    grid = scored(runs, curves, panel, reference)
    choices: list[Choice] = []
    for series in present_series(grid, panel):
        choices.extend(_choose_one(grid[grid["series"] == series], series))
    return choices


def scored(
    runs: pd.DataFrame, curves: pd.DataFrame, panel: CurvePanel, reference: pd.DataFrame
) -> pd.DataFrame:
    """The grid's rows of the chosen reading, with what a setting is chosen by.

    Further columns: cost (plotted at the horizon; inf for a run that diverged or ended earlier),
    dex (fidelity) and lasted (epochs until it diverged, inf if it did not). No grid
    rows: UserError.
    """
    grid = grid_of(runs)
    if grid.empty:
        raise UserError(
            f"{panel.experiment}: no runs of its grid in its tables; train it (-m, no seed=)"
        )
    cost = costs_at_horizon(grid, curves, panel)["cost"]
    dex = distances(grid, curves, panel, reference)["dex"]
    # The first passes alone come near the paper more easily than all of them.
    dex = dex.mask(np.isinf(cost) & np.isfinite(dex))
    return grid.assign(
        cost=grid["run_id"].map(cost), dex=grid["run_id"].map(dex), lasted=_lasted(grid)
    )


def panel_for(name: str, runs: pd.DataFrame) -> Panel:
    """A panel of the paper, or what stands for one: train_cost to the end of these runs."""
    if name in PANELS or name in EXPERIMENTS:
        return panel_of(name)
    last = float(runs["training.epochs"].max())
    return CurvePanel(
        name=name,
        experiment=name,
        title=name,
        x_limits=(0, last),
        y_limits=(0, np.inf),
        series=tuple(dict.fromkeys(runs["series"])),
    )


def grid_of(runs: pd.DataFrame) -> pd.DataFrame:
    """The grid's rows of the chosen reading."""
    return runs[(runs["role"] == Role.GRID) & (runs["reading"].fillna("") == "")]


def every_point(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of the chosen reading that belong to a grid, for figures that show all of it."""
    return runs[(runs["reading"].fillna("") == "") & runs["role"].isin([Role.GRID, Role.CONFIRM])]


def present_series(runs: pd.DataFrame, panel: Panel) -> list[str]:
    """The series that `runs` hold: in the legend's order, then those unknown to the panel."""
    present = list(dict.fromkeys(runs["series"]))
    known = [name for name in (*panel.series, *panel.extra) if name in present]
    return known + [name for name in present if name not in known]


def drawn_runs(runs: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The runs that are drawn: the choice's confirmation runs, or the grid's if there are none."""
    confirmed = confirmed_runs(runs, choice)
    return _runs_of(runs, choice, Role.GRID) if confirmed.empty else confirmed


def confirmed_runs(runs: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The choice's runs with seeds on which nothing was chosen; none while they are pending."""
    grid = runs.loc[(runs["role"] == Role.GRID) & (runs["series"] == choice.series), "seed"]
    confirmed = _runs_of(runs, choice, Role.CONFIRM)
    return confirmed[~confirmed["seed"].isin(grid)]


def _runs_of(runs: pd.DataFrame, choice: Choice, role: str) -> pd.DataFrame:
    setting = (runs["setting_id"] == choice.setting_id) & (runs["series"] == choice.series)
    return runs[setting & (runs["role"] == role)]


def costs_at_horizon(runs: pd.DataFrame, curves: pd.DataFrame, panel: CurvePanel) -> pd.DataFrame:
    """Each run's plotted cost at the last plotted epoch, or the last that its series has.

    Index run_id, columns epoch and cost; the cost is inf for a run that diverged or ended earlier.
    """
    points = plotted(runs, curves, panel)
    points = points[points["epoch"] <= points["series"].map(panel.last_epoch_of)]
    last = points.groupby("series")["epoch"].max()
    ends = points[points["epoch"] == points["series"].map(last)].set_index("run_id")["y"]
    cost = runs["run_id"].map(ends).mask(runs["status"] == Status.DIVERGED).fillna(np.inf)
    epoch = runs["series"].map(last).fillna(0).astype(int)
    index = pd.Index(runs["run_id"])
    return pd.DataFrame({"epoch": epoch.to_numpy(), "cost": cost.to_numpy()}, index=index)


def hyper_parameters(runs: pd.DataFrame) -> list[str]:
    """The numeric settings that vary among `runs`: what their grid is made of."""
    return [
        column
        for column in config_columns(runs)
        if "." in column
        and column not in _SIZES
        and pd.api.types.is_numeric_dtype(runs[column])
        and not pd.api.types.is_bool_dtype(runs[column])
        and runs[column].nunique() > 1
    ]


def unlike(grid: pd.DataFrame) -> dict[str, list[str]]:
    """The settings in which runs of a series differ though they are no hyper-parameter, by series.

    Runs of other models, say, that a user trained under an experiment's name.
    """
    columns = [
        column
        for column in config_columns(grid)
        if "." in column and not column.startswith("optimizer.") and column not in (*_AXES, *_SIZES)
    ]
    found = {
        str(series): [c for c in columns if rows[c].nunique(dropna=False) > 1]
        for series, rows in grid.groupby("series", sort=False)
    }
    return {series: differ for series, differ in found.items() if differ}


def searched(grid: pd.DataFrame) -> list[str]:
    """What a grid was searched over: what varies in it, and the step size even if it does not."""
    varied = hyper_parameters(grid)
    has_step = _STEP_SIZE in grid and grid[_STEP_SIZE].notna().any()
    return [_STEP_SIZE, *varied] if has_step and _STEP_SIZE not in varied else varied


def _choose_one(scored: pd.DataFrame, series: str) -> list[Choice]:
    settings = scored.groupby("setting_id").agg(
        cost=("cost", "mean"),
        dex=("dex", "mean"),
        lasted=("lasted", "mean"),
        run_id=("run_id", "first"),
    )
    # With every run diverged the costs are all inf, and what lasted longest comes first.
    ranked = settings.sort_values(["cost", "lasted"], ascending=[True, False], kind="stable")
    tuned = str(ranked.index[0])
    nearest = settings["dex"].dropna()
    comparable = bool(np.isfinite(nearest).any())
    recovered = str(nearest.idxmin()) if comparable else tuned
    axes = searched(scored)
    return [
        Choice(
            series,
            selection,
            setting,
            str(settings["run_id"][setting]),
            float(settings[score][setting]),
            _at_edge(scored, setting, axes),
        )
        for selection, setting, score in (
            (Selection.RECOVERED, recovered, "dex"),
            (Selection.TUNED, tuned, "cost"),
        )
    ]


def _at_edge(grid: pd.DataFrame, setting: str, axes: Sequence[str]) -> tuple[str, ...]:
    if grid["setting_id"].nunique() == 1:
        return (ONLY,)
    chosen = grid[grid["setting_id"] == setting].iloc[0]

    def ends(column: str) -> bool:
        values, value = grid[column], chosen[column]
        # A grid cannot go on below 0: no momentum and no L2 end the range, not just the grid.
        return bool(value == values.max() or (value == values.min() and value != 0))

    return tuple(column for column in axes if ends(column))


def _lasted(runs: pd.DataFrame) -> pd.Series[float]:
    return runs["diverged_epoch"].fillna(np.inf).astype(float)
