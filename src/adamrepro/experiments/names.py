"""What experiments there are, and what `experiment=` calls them."""

from adamrepro import paths
from adamrepro.errors import UserError, nearest


def of_the_paper() -> list[str]:
    """Return the experiments of the paper's figures."""
    return [name for name, path in paths.experiments().items() if len(path.parts) == 1]


def config_of(experiment: str) -> str:
    """Return what `experiment=` calls an experiment of the results; raises UserError."""
    known = {name: path.with_suffix("").as_posix() for name, path in paths.experiments().items()}
    if experiment in known.values():
        return experiment
    if experiment not in known:
        raise UserError(f"{experiment}: no such experiment; {nearest(experiment, known)}")
    return known[experiment]
