"""What an experiment's file may hold, looked at before a run of it is composed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from adamrepro.errors import UserError, nearest, require
from adamrepro.experiments.overrides import given

SWEEP = ("overrides", "grid")
"""Keys of a curve."""


def check_name(name: object, overrides: Sequence[str]) -> None:
    """Check what an experiment calls itself: the folder that its results go to.

    overrides: those that it was composed with. Raises UserError for another name than its file's.
    """
    if isinstance(name, Mapping):
        raise UserError(
            "experiment: its file sets the keys of a run, so that its first line is "
            "`# @package _global_`; expected that line"
        )
    ok = isinstance(name, str) and re.fullmatch(r"\w[\w-]*", name) is not None
    require(ok, "experiment", name, "a name of letters, digits, _ and -")
    chosen = given(overrides).get("experiment", "null")
    if chosen != "null":
        own = chosen.replace("/", "_")
        why = f"as its file is called: results of experiment={chosen} lie under that name"
        require(name == own, "experiment", name, f"{own}, {why}")


def check_experiment(written: Mapping[str, Any]) -> None:
    """Check sweeps, open settings and seeds; raises UserError naming the key and its value.

    written: the experiment's configuration as plain containers.
    """
    for name, seeds in written["seeds"].items():
        ok = isinstance(seeds, list) and all(type(seed) is int for seed in seeds)
        require(ok, f"seeds.{name}", seeds, "a list of whole numbers, as in [1, 2]")
    for series, sweep in mapping("sweeps", written["sweeps"], "{NAME: {grid: {...}}}").items():
        if sweep is not None:  # null leaves a curve out
            check_sweep(f"sweeps.{series}", sweep, written["budgets"])
    settings = mapping("open_settings", written.get("open_settings") or {}, "{NAME: {...}}")
    for name, values in settings.items():
        place = f"open_settings.{name}"
        for label, value in mapping(place, values, "{VALUE: [KEY=VALUE, ...]}").items():
            own = value.get("overrides") if isinstance(value, Mapping) else value
            check_overrides(f"{place}.{label}", own)


def check_sweep(place: str, sweep: Any, budgets: Mapping[str, Any]) -> None:
    """Check one curve."""
    for key in mapping(place, sweep, "{overrides: [...], grid: {...}}"):
        if key not in SWEEP:
            raise UserError(f"{place}.{key}: no such key; {nearest(key, SWEEP)}")
    check_overrides(f"{place}.overrides", sweep.get("overrides", []))
    grids = mapping(f"{place}.grid", sweep.get("grid") or {}, "{quick: {optimizer.alpha: [0.1]}}")
    for budget, grid in grids.items():
        if budget not in budgets:
            raise UserError(f"{place}.grid.{budget}: no such budget; {nearest(budget, budgets)}")
        own = f"{place}.grid.{budget}"
        for key, values in mapping(own, grid, "{optimizer.alpha: [0.1, 0.01]}").items():
            ok = isinstance(values, list) and bool(values)
            require(ok, f"{own}.{key}", values, "a list of values, as in [0.1, 0.01]")


def check_overrides(place: str, overrides: Any) -> None:
    """Check the overrides of a curve or of an open setting's value."""
    ok = isinstance(overrides, list) and all("=" in str(override) for override in overrides)
    require(ok, place, overrides, "a list of settings, as in [optimizer=adam]")


def mapping(place: str, value: Any, example: str) -> Mapping[str, Any]:
    """Return a mapping as it is; raises UserError for anything else."""
    require(isinstance(value, Mapping), place, value, f"settings, as in {example}")
    return dict(value)
