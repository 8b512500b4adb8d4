"""From an experiment's sweeps to the overrides of its runs.

An experiment file lists one sweep per curve:

    sweeps:
      Adam:                                    # the series, as the legend calls it
        overrides: [optimizer=adam]            # what belongs to this curve alone
        grid:                                  # per budget; a budget without one takes the next
          quick: {optimizer.alpha: [...]}      # larger one's, the largest the next smaller one's
          full: {optimizer.alpha: [...]}

and its open settings, of which budget=search trains every combination:

    open_settings:
      order:
        shuffled 128: [training.order=shuffled, training.batch_size=128]
        fixed 100: [training.order=fixed, training.batch_size=100, training.epoch_steps=500]
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from adamrepro.errors import UserError, nearest
from adamrepro.experiments.overrides import Overrides, given, quote, written
from adamrepro.results.kinds import Role
from adamrepro.results.layout import SEARCH

SIZES = ("smoke", "quick", "full")
"""Budgets from small to large."""


def expand(
    experiment: Mapping[str, Any], user: Sequence[str], budget: str, seeds: Sequence[int]
) -> list[Overrides]:
    """Return the overrides of every run of an experiment's grid.

    experiment: its `sweeps` (null for one that the budget leaves out), `open_settings` and `seeds`.
    user: the user's own overrides, one value each; they are applied to every run, and a key that
    the user sets is no longer swept. A seed of theirs that is one of those that confirm is so here,
    too: no setting is chosen on it. With `series=X` or `optimizer=x` among them only the
    sweeps of that curve or optimizer are run; an optimizer that no sweep has is a series of its
    own, called X or after it.
    """
    runs = []
    fixed = given(user)
    confirming = (experiment.get("seeds") or {}).get("confirm", [])
    role = Role.CONFIRM if fixed.get("seed", "") in map(str, confirming) else Role.GRID
    for series, sweep in select(experiment["sweeps"], user).items():
        grid = {k: v for k, v in grid_of(sweep, budget).items() if k not in fixed}
        if "seed" not in fixed:
            grid["seed"] = list(seeds)
        products = [
            [f"{key}={written(value)}" for key, value in zip(grid, values, strict=True)]
            for values in itertools.product(*grid.values())
        ]
        candidates = readings(experiment.get("open_settings") or {}, budget, series)
        for reading, settings in asked_for(candidates, fixed.get("reading"), budget):
            common = [*sweep.get("overrides", []), *settings]
            labels = [f"series={quote(series)}", f"reading={quote(reading)}", f"role={role}"]
            runs += [[*common, *product, *labels, *user] for product in products]
    return runs


def select(sweeps: Mapping[str, Any], user: Sequence[str]) -> dict[str, Any]:
    """Return the sweeps that the budget and the user's `series=` and `optimizer=` leave."""
    chosen = {name: sweep for name, sweep in sweeps.items() if sweep}
    asked = given(user)
    series = asked.get("series", "")
    if optimizer := asked.get("optimizer"):
        of_each = {name: given(s.get("overrides", [])) for name, s in chosen.items()}
        chosen = {n: s for n, s in chosen.items() if of_each[n].get("optimizer") == optimizer}
        if not chosen:
            own = series or series_of_class(asked.get("optimizer.cls", optimizer))
            if own in sweeps:
                raise UserError(
                    f"series={own}: the experiment's own curve; expected another name for "
                    f"optimizer={optimizer}, as in series=My{own}"
                )
            return {own: {}}
    if series and series not in chosen:
        raise UserError(f"series={series}: no such curve; known: {', '.join(chosen)}")
    return {series: chosen[series]} if series else chosen


def series_of_class(path: str) -> str:
    """Return what the runs of a class are called (an optimizer that no sweep has): its own name."""
    return re.split(r"[.:]", path)[-1]


def grid_of(sweep: Mapping[str, Any], budget: str) -> dict[str, list[Any]]:
    """Return a sweep's grid at a budget: its own, or the next larger (else smaller) budget's."""
    grids = sweep.get("grid") or {}
    at = SIZES.index(budget) if budget in SIZES else len(SIZES)
    for name in (budget, *SIZES[at:], *reversed(SIZES[:at])):
        if name in grids:
            return dict(grids[name])
    return {}


def readings(
    open_settings: Mapping[str, Any], budget: str, series: str
) -> list[tuple[str, Overrides]]:
    """Return (label, overrides) of every combination of open settings; at other budgets, one bare.

    A value may be limited to some series: {overrides: [...], series: [...]}.
    """
    if budget != SEARCH:
        return [("", [])]
    dimensions = []
    for name, values in open_settings.items():
        options = [
            (f"{name}: {label}", overrides_of(value))
            for label, value in values.items()
            if series in limited_to(value, series)
        ]
        dimensions.append(options or [("", [])])
    combinations = itertools.product(*dimensions)
    return [
        ("; ".join(label for label, _ in c if label), [o for _, found in c for o in found])
        for c in combinations
    ]


def asked_for(
    candidates: list[tuple[str, Overrides]], reading: str | None, budget: str
) -> list[tuple[str, Overrides]]:
    """Return the candidates that a user's `reading=` leaves: one, or all without it."""
    if reading is None:
        return candidates
    if budget != SEARCH:
        raise UserError(f"reading={reading}: readings are trained at budget={SEARCH}")
    found = [each for each in candidates if each[0] == reading]
    if not found:
        meant = nearest(reading, [label for label, _ in candidates])
        raise UserError(f"reading={reading}: no such reading; {meant}")
    return found


def overrides_of(value: Any) -> Overrides:
    return list(value["overrides"] if isinstance(value, Mapping) else value)


def limited_to(value: Any, otherwise: str) -> list[str]:
    return list(value.get("series", [otherwise])) if isinstance(value, Mapping) else [otherwise]


def confirm(run: Sequence[str], seeds: Sequence[int]) -> list[Overrides]:
    """Return a chosen run's overrides with the confirmation seeds."""
    kept = [override for override in run if not {"seed", "role"} & given([override]).keys()]
    return [[*kept, f"role={Role.CONFIRM}", f"seed={seed}"] for seed in seeds]
