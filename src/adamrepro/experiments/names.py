"""What experiments there are, and what `experiment=` calls them."""

from collections.abc import Iterable
from pathlib import PurePath

from adamrepro import paths
from adamrepro.errors import UserError, nearest


def config_of(experiment: str) -> str:
    """Return what `experiment=` calls an experiment of the results; raises UserError."""
    known = paths.experiments()
    if experiment in known.values():
        return experiment
    if experiment not in known:
        raise UserError(f"{experiment}: no such experiment; {nearest(experiment, known)}")
    return known[experiment]


def datasets_of(experiments: Iterable[str]) -> list[str]:
    """Return the data sets that experiments train on."""
    own = [datasets_in(f"experiment/{name}.yaml") for name in experiments]
    usual = datasets_in("config.yaml")
    return sorted(set().union(*(found or usual for found in own)))


def datasets_in(config: str) -> set[str]:
    """Return the data sets that a file of configs/ chooses, or those that it names."""
    files = paths.composed_of(config)
    return {PurePath(file).stem for file in files if file.startswith("dataset/")}
