"""Tables as they lie on the disk: rows of text."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.run_id import Value, setting_text

Row = dict[str, str]


def text(value: Value) -> str:
    """Write a measured value as the tables hold it: six significant digits, blank for none."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return setting_text(value)


def as_text(row: Mapping[str, Value]) -> Row:
    """Write a row as the tables hold it; names of settings have a dot."""
    return {key: setting_text(value) if "." in key else text(value) for key, value in row.items()}


def read_rows(path: Path) -> list[Row]:
    """Read runs.csv or curves.csv as text; a table that is not there has no rows."""
    return read_table(path, "run_id")


def read_table(path: Path, key: str) -> list[Row]:
    """Read a table that has the column `key` as text; a table that is not there has no rows."""
    try:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows, header = list(reader), reader.fieldnames or []
    except FileNotFoundError:
        return []
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not a readable table ({error}); restore it or delete it"
        ) from None
    damaged = any(None in row or None in row.values() for row in rows)
    if damaged or key not in header:
        raise UserError(f"{path}: not a results table (damaged row); restore it or delete it")
    return rows


def read_curves(path: Path, runs: Mapping[str, Row]) -> dict[str, list[Row]]:
    """Read the curves of `runs`: rows of a run without a row of its own are left out."""
    curves: dict[str, list[Row]] = {key: [] for key in runs}
    for row in read_rows(path):
        identity = row.pop("run_id")
        if identity in curves:
            curves[identity].append(row)
    return curves


def as_csv(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
