"""Tables as the commands write them beside runs.csv and curves.csv."""

from pathlib import Path

import pandas as pd

from adamrepro.files import write_atomically


def write_table(path: Path, table: pd.DataFrame, digits: int = 4) -> None:
    """Write a table as CSV of the same bytes on every system, numbers to so many digits."""
    text = table.to_csv(index=False, lineterminator="\n", float_format=f"%.{digits}g")
    write_atomically(path, text)
