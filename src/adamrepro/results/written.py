"""Tables as the commands write them beside runs.csv and curves.csv."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from adamrepro.errors import UserError, in_a_line
from adamrepro.files import write_atomically


def read_written(path: Path, dtype: Mapping[str, type], *, blanks: bool = False) -> pd.DataFrame:
    """Read a table back; blanks: blank cells stay text. UserError for one that cannot be read."""
    try:
        return pd.read_csv(path, dtype=dict(dtype), keep_default_na=not blanks)
    except ValueError as error:  # as pandas' own are
        raise UserError(f"{path}: not a readable table ({in_a_line(error)}); delete it") from error


def write_table(path: Path, table: pd.DataFrame, digits: int = 4) -> None:
    """Write a table as CSV of the same bytes on every system, numbers to so many digits."""
    text = table.to_csv(index=False, lineterminator="\n", float_format=f"%.{digits}g")
    write_atomically(path, text)
