"""What experiments there are: a file of configs/experiment each.

Those of the paper's figures lie at its top. What goes beyond them lies in folders, and is called in
the results by both names: configs/experiment/matter/vae.yaml is matter_vae.
"""

from adamrepro.errors import UserError, nearest
from adamrepro.paths import CONFIGS


def of_the_paper() -> list[str]:
    """Return the experiments of the paper's figures."""
    return sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))


def config_of(experiment: str) -> str:
    """Return what `experiment=` calls an experiment of the results; raises UserError."""
    folder = CONFIGS / "experiment"
    files = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("*.yaml"))]
    known = {"_".join(path.parts): path.as_posix() for path in files}
    if experiment in known.values():
        return experiment
    if experiment not in known:
        raise UserError(f"{experiment}: no such experiment; {nearest(experiment, known)}")
    return known[experiment]
