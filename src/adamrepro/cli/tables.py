"""Tables of several experiments, of which some may not have been trained."""

import sys
from collections.abc import Sequence
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.schema import Tables, untrained


def tell_untrained(folders: Sequence[Path]) -> None:
    """Say of each experiment without tables what makes them; UserError if none has any."""
    missing = [folder for folder in folders if not Tables.exist(folder)]
    if len(missing) == len(folders):
        raise UserError(untrained(folders[0]))
    for folder in missing:
        print(f"left out: {untrained(folder)}", file=sys.stderr)
