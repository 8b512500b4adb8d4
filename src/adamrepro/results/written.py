"""Tables as the commands write them beside runs.csv and curves.csv."""

import pandas as pd


def as_csv(table: pd.DataFrame, digits: int = 4) -> str:
    """Return a table as CSV of the same bytes on every system, numbers to so many digits."""
    return table.to_csv(index=False, lineterminator="\n", float_format=f"%.{digits}g")
