"""Tables of several experiments, of which some may not have been trained."""

import sys
from collections.abc import Mapping
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.schema import Tables, untrained


def trained(folders: Mapping[str, Path]) -> dict[str, Tables]:
    """Read the tables that are there, and say of each missing one what makes it.

    Raises UserError if there is none.
    """
    missing = [folder for folder in folders.values() if not Tables.exist(folder)]
    if len(missing) == len(folders):
        raise UserError(untrained(missing[0]))
    for folder in missing:
        print(f"left out: {untrained(folder)}", file=sys.stderr)
    return {name: Tables.read(at) for name, at in folders.items() if at not in missing}
