"""A checksum per run, over its row and its curve: a table edited by hand is noticed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.paths import is_published
from adamrepro.results.rows import Row


def checksum(run: Row, curve: Sequence[Row]) -> str:
    """Hash what a run says: blank cells and the checksum itself do not count."""
    said = [{k: v for k, v in row.items() if v and k != "checksum"} for row in (run, *curve)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


def verify(folder: Path, runs: Mapping[str, Row], curves: Mapping[str, list[Row]]) -> None:
    """Raise UserError, naming the run, where a row or a curve is not what was written."""
    for identity, run in runs.items():
        if checksum(run, curves[identity]) != run.get("checksum"):
            mend = "restore both tables"
            if is_published(folder):
                mend += f" with git checkout {folder}"
            else:
                mend += ", or delete the run's row from runs.csv to have it trained again"
            raise UserError(
                f"{folder / 'runs.csv'}: run {identity}, or its curve in curves.csv, was changed "
                f"after it was written (its checksum differs);\n{mend}"
            )
