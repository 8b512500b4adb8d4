"""Finished runs on their way into the tables, and the locks that keep workers apart.

A finished run is first a file of its own, `results/runs/<budget>/<experiment>/<run_id>.json`;
`collect` moves such files into `results/<budget>/<experiment>/{runs,curves}.csv`. Every file is
replaced atomically, so a kill at any moment loses nothing that was finished.
"""

import csv
import fcntl
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.results.checksum import checksum, verify
from adamrepro.results.run_id import Value
from adamrepro.results.schema import CURVE_COLUMNS, RUN_ID_COLUMNS, RUN_RECORD_COLUMNS

Row = dict[str, str]


class Store:
    """The results of one experiment at one budget, under the results folder `root`."""

    def __init__(self, root: Path, budget: str, experiment: str) -> None:
        self.table = budget
        self.tables = root / budget / experiment
        self.in_flight = root / "runs" / budget / experiment

    def done(self) -> set[str]:
        """Return the ids of all finished runs, collected or not."""
        # files first: a run that `collect` moves meanwhile is then seen at its old place or its new
        in_flight = {path.stem for path in self.in_flight.glob("*.json")}
        return in_flight | {row["run_id"] for row in read_rows(self.tables / "runs.csv")}

    def checkpoint_path(self, population: str) -> Path:
        return self.in_flight / f"{population}.ckpt"

    def save(self, run: Mapping[str, Value], curve: Sequence[Mapping[str, float]]) -> None:
        """Put down a finished run: its row of runs.csv and its rows of curves.csv."""
        points = [
            {key: text(point.get(key)) for key in CURVE_COLUMNS if key != "run_id"}
            for point in curve
        ]
        self._put({key: text(value) for key, value in run.items()}, points)

    def _put(self, run: Row, curve: Sequence[Row]) -> None:
        content = json.dumps({"run": run, "curve": curve})
        write_atomically(self.in_flight / f"{run['run_id']}.json", content)

    def saved(self, run_id: str) -> tuple[Row, list[Row]] | None:
        """Return a saved run's row and curve, None once it is in the tables (or not saved)."""
        try:
            return read_saved(self.in_flight / f"{run_id}.json")
        except FileNotFoundError:
            return None

    def adopt(self, wanted: Mapping[str, Mapping[str, Value]]) -> None:
        """Take over finished runs from the experiment's tables at other budgets.

        wanted: run_id -> what the run is called here (series, reading, role). The same run_id is
        the same run, so it need not be trained again.
        """
        done = self.done()
        wanted = {key: labels for key, labels in wanted.items() if key not in done}
        others = sorted(self.tables.parent.parent.glob(f"*/{self.tables.name}/runs.csv"))
        for path in others if wanted else []:
            rows = {row["run_id"]: row for row in read_rows(path) if row["run_id"] in wanted}
            curves = read_curves(path.with_name("curves.csv"), rows)
            verify(path.parent, rows, curves)
            for identity, row in rows.items():
                labels = {key: text(value) for key, value in wanted[identity].items()}
                settings = {key: value for key, value in row.items() if value or key in labels}
                self._put(settings | labels, curves[identity])

    def collect(self) -> int:
        """Move finished runs into the tables; return how many. Safe beside other processes."""
        if not any(self.in_flight.glob("*.json")):
            return 0
        with self.lock("tables"):
            files = sorted(self.in_flight.glob("*.json"))
            runs = {row["run_id"]: row for row in read_rows(self.tables / "runs.csv")}
            curves = read_curves(self.tables / "curves.csv", runs)
            verify(self.tables, runs, curves)
            for path in files:
                run, curve = read_saved(path)
                runs[run["run_id"]] = run
                curves[run["run_id"]] = curve
                run["checksum"] = checksum(run, curve)
            self.write(list(runs.values()), curves)
            for path in files:
                path.unlink(missing_ok=True)
        return len(files)

    def write(self, runs: list[Row], curves: Mapping[str, list[Row]]) -> None:
        """Write both tables in their canonical order; a run counts once it is in runs.csv."""
        known = {*RUN_ID_COLUMNS, *RUN_RECORD_COLUMNS}
        settings = sorted({key for row in runs for key in row if key not in known})
        columns = [*RUN_ID_COLUMNS, *settings, *RUN_RECORD_COLUMNS]
        runs = sorted(runs, key=lambda row: sort_key(row, settings))
        points = [
            {"run_id": row["run_id"], **point} for row in runs for point in curves[row["run_id"]]
        ]
        write_atomically(self.tables / "curves.csv", as_csv(points, CURVE_COLUMNS))
        write_atomically(self.tables / "runs.csv", as_csv(runs, columns))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock `name`, waiting for whoever has it; the system frees it on any exit."""
        self.in_flight.mkdir(parents=True, exist_ok=True)
        with (self.in_flight / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def text(value: Value) -> str:
    """Write a value as the tables hold it: six significant digits, blank for none."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def sort_key(row: Row, settings: Sequence[str]) -> tuple[tuple[float, str], ...]:
    """Order rows by series, reading and role, then by settings, numbers as numbers."""
    keys = ["series", "reading", "role", *settings, "run_id"]
    return tuple(_number_or_text(row.get(key, "")) for key in keys)


def _number_or_text(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return float("-inf"), value


def read_saved(path: Path) -> tuple[Row, list[Row]]:
    """Read a saved run's row and curve; raises UserError for a damaged file."""
    try:
        content = json.loads(path.read_text())
        return content["run"], content["curve"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a saved run; delete it to train the run again") from None


def read_rows(path: Path) -> list[Row]:
    """Read a table as text; a table that is not there has no rows."""
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
    if damaged or "run_id" not in header:
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


def write_atomically(path: Path, content: str) -> None:
    """Write a file under a temporary name and rename it; raises OSError, leaving no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
