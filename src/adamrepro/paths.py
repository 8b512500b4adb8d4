"""Where things lie: in a checkout of this repository, or beside an installed package.

Of the repository, configs/ and results/reference/ go into the wheel. What is written (results,
figures) and data lie in the checkout, else in the current directory, unless ADAMREPRO_HOME or
ADAMREPRO_DATA name another folder.
"""

import os
from functools import cache
from pathlib import Path

from adamrepro.errors import UserError, in_a_line

PACKAGE = Path(__file__).resolve().parent
_ABOVE = PACKAGE.parents[1]

CHECKOUT = _ABOVE if (_ABOVE / "configs" / "config.yaml").is_file() else None
"""The checkout that this package is part of; None for an installed copy."""

CONFIGS = (CHECKOUT or PACKAGE) / "configs"

REFERENCE = CHECKOUT / "results" / "reference" if CHECKOUT else PACKAGE / "reference"
"""The paper's own curves."""


def experiments() -> dict[str, str]:
    """Return what `experiment=` calls each experiment, by what the results call it.

    Those of the paper's figures lie at the top of configs/experiment. What goes beyond them lies in
    folders: matter/vae, which the results call matter_vae.
    """
    folder = CONFIGS / "experiment"
    files = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("*.yaml"))]
    return {"_".join(path.parts): path.as_posix() for path in files}


def composed_of(config: str) -> set[str]:
    """Return a file of configs/, and those that its `defaults:` name, and theirs.

    Each is called as in `dataset/mnist.yaml`. Raises UserError for a file that is no YAML.
    """
    folder = CONFIGS / Path(config).parent
    files = set()
    for included in _defaults(config, (CONFIGS / config).read_text()):
        # from /, or from where the file lies
        path = CONFIGS / included[1:] if included.startswith("/") else folder / included
        if path.is_file():
            files.add(path.relative_to(CONFIGS).as_posix())
    return {config}.union(*(composed_of(file) for file in files))


@cache
def _defaults(config: str, text: str) -> list[str]:
    """The files that `defaults:` names, as `/dataset/mnist.yaml` or `mlp.yaml`."""
    import yaml  # type: ignore[import-untyped]  # late: most commands read no config here

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"configs/{config}: not readable as YAML ({in_a_line(error)})") from error
    found = []
    for entry in (content or {}).get("defaults", []):
        if isinstance(entry, str):  # - mlp
            found.append(f"{entry}.yaml")
        else:  # - override /dataset: mnist
            [(group, name)] = entry.items()
            found.append(f"{group.removeprefix('override ')}/{name}.yaml")
    return found


def home() -> Path:
    """Return the folder that holds results, figures and data."""
    named = os.environ.get("ADAMREPRO_HOME")
    return Path(named).expanduser().absolute() if named else CHECKOUT or Path.cwd()


def docs() -> Path:
    """Return the folder of the pages that commands write."""
    return (CHECKOUT or home()) / "docs"


def data() -> Path:
    """Return the folder of the data sets."""
    named = os.environ.get("ADAMREPRO_DATA")
    return Path(named).expanduser().absolute() if named else home() / "data"


def local(kind: str) -> Path:
    """Return the folder of the user's own `results` or `figures`."""
    return home() / kind / "local"


def published(kind: str) -> Path:
    """Return the folder of the published `results` or `figures`: training never writes there."""
    return home() / kind / "published"


def is_published(results: Path) -> bool:
    """Whether a results folder is that of what is published, or lies in it: here or in CHECKOUT."""
    roots = {home(), CHECKOUT or home()}
    guarded = [(root / "results" / "published").resolve() for root in roots]
    return any(results.expanduser().resolve().is_relative_to(folder) for folder in guarded)
