"""Finished runs on their way into the tables, and the locks that keep workers apart.

Under the results folder, a finished run is first a file of its own,
`runs/<budget>/<experiment>/<run_id>.json`; `collect` moves such files into
`<budget>/<experiment>/{runs,curves}.csv`. Every file is replaced atomically, so a kill at any
moment loses nothing that was finished.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from adamrepro.errors import UserError
from adamrepro.files import remove_left_over, replacing, write_atomically, writing_to
from adamrepro.results.checksum import checksum, verify
from adamrepro.results.machines import machines_csv, read_machines
from adamrepro.results.rows import Row, as_csv, as_text, read_curves, read_rows, text
from adamrepro.results.run_id import Value, row_run_id
from adamrepro.results.schema import CURVE_COLUMNS, RUN_ID_COLUMNS, RUN_RECORD_COLUMNS

LOCK_SECONDS = 0.1
"""Time between two attempts to get a lock that another process holds."""


class GivenUp(Exception):
    """Waiting for a lock was ended before it was free."""


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
        return in_flight | run_ids(self.tables / "runs.csv")

    def checkpoint_path(self, population: str) -> Path:
        return self.in_flight / f"{population}.ckpt"

    def save(
        self,
        run: Mapping[str, Value],
        curve: Sequence[Mapping[str, float]],
        machine: Mapping[str, str],
    ) -> None:
        """Put down a finished run: its rows of runs.csv and curves.csv, and of machines.csv."""
        points = [
            {key: text(point.get(key)) for key in CURVE_COLUMNS if key != "run_id"}
            for point in curve
        ]
        self._put(as_text(run), points, machine)

    def _put(self, run: Row, curve: Sequence[Row], machine: Mapping[str, str] | None) -> None:
        content = json.dumps({"run": run, "curve": curve, "machine": machine})
        write_atomically(self.in_flight / f"{run['run_id']}.json", content)

    def saved(self, run_id: str) -> tuple[Row, list[Row]] | None:
        """Return a saved run's row and curve, None once it is in the tables (or not saved)."""
        try:
            run, curve, _ = read_saved(self.in_flight / f"{run_id}.json")
            return run, curve
        except FileNotFoundError:
            return None

    def adopt(self, wanted: Mapping[str, Mapping[str, Value]], also: Sequence[Path] = ()) -> None:
        """Take over finished runs from the experiment's tables at other budgets.

        wanted: run_id -> what the run is called here (series, reading, role). also: other results
        folders to look in. The same run_id is the same run, so it need not be trained again.
        """
        done = self.done()
        wanted = {key: labels for key, labels in wanted.items() if key not in done}
        if not wanted:
            return
        for root in (self.tables.parent.parent, *also):
            for path in sorted(root.glob(f"*/{self.tables.name}/runs.csv")):
                self.take(path.parent, wanted)

    def take(self, folder: Path, wanted: Mapping[str, Mapping[str, Value]]) -> None:
        """Take over the runs `wanted`, given as run_id -> labels, from the tables in `folder`."""
        rows = {r["run_id"]: r for r in read_rows(folder / "runs.csv") if r["run_id"] in wanted}
        curves = read_curves(folder / "curves.csv", rows)
        verify(folder, rows, curves)
        machines = read_machines(folder)
        for identity, row in rows.items():
            labels = as_text(wanted[identity])
            settings = {key: value for key, value in row.items() if value or key in labels}
            machine = machines.get(row.get("machine", ""))
            self._put(settings | labels, curves[identity], machine)

    def collect(self) -> int:
        """Move finished runs into the tables; return how many. Safe beside other processes."""
        if not any(self.in_flight.glob("*.json")):
            return 0
        with self.lock("tables"):
            for name in ("runs.csv", "curves.csv", "machines.csv"):
                remove_left_over(self.tables / name)
            files = sorted(self.in_flight.glob("*.json"))
            runs = {row["run_id"]: row for row in read_rows(self.tables / "runs.csv")}
            curves = read_curves(self.tables / "curves.csv", runs)
            verify(self.tables, runs, curves)
            machines = read_machines(self.tables)
            for path in files:
                run, curve, machine = read_saved(path)
                runs[run["run_id"]] = run
                curves[run["run_id"]] = curve
                run["checksum"] = checksum(run, curve)
                if machine:
                    machines[machine["machine"]] = machine
            self.write(list(runs.values()), curves, machines)
            for path in files:
                path.unlink(missing_ok=True)
                remove_left_over(path)
        return len(files)

    def write(
        self, runs: list[Row], curves: Mapping[str, list[Row]], machines: Mapping[str, Row]
    ) -> None:
        """Write the tables in their canonical order; a run counts once it is in runs.csv."""
        known = {*RUN_ID_COLUMNS, *RUN_RECORD_COLUMNS}
        settings = sorted({key for row in runs for key in row if key not in known})
        columns = [*RUN_ID_COLUMNS, *settings, *RUN_RECORD_COLUMNS]
        runs = sorted(runs, key=lambda row: sort_key(row, settings))
        points = [
            {"run_id": row["run_id"], **point} for row in runs for point in curves[row["run_id"]]
        ]
        used = {row.get("machine") for row in runs}
        present = [machine for name, machine in machines.items() if name in used]
        write_atomically(self.tables / "machines.csv", machines_csv(present))
        write_atomically(self.tables / "curves.csv", as_csv(points, CURVE_COLUMNS))
        write_atomically(self.tables / "runs.csv", as_csv(runs, columns))

    def check(self) -> None:
        """Raise UserError if the results were changed by anyone but this class, or are another's.

        Runs of another version of this code have other identities: they would stay in the tables
        beside those that are trained instead of them.
        """
        for path in sorted(self.in_flight.glob("*.json")):
            with suppress(FileNotFoundError):  # another process has just collected it
                read_saved(path)
        runs = {row["run_id"]: row for row in read_rows(self.tables / "runs.csv")}
        verify(self.tables, runs, read_curves(self.tables / "curves.csv", runs))
        if others := sum(row_run_id(row) != key for key, row in runs.items()):
            raise UserError(
                f"{self.tables / 'runs.csv'}: {others} of {len(runs)} runs were made by another "
                "version of this code.\nMove the folder out of the results folder, or delete it; "
                "the runs are then trained anew."
            )

    def check_writable(self) -> None:
        """Raise UserError if results cannot be put down: better now than after the training."""
        for folder in (self.in_flight, self.tables):
            with replacing(folder / "writable") as file:
                file.write(" " * 4096)  # a full disk takes files without content
            (folder / "writable").unlink(missing_ok=True)

    @contextmanager
    def lock(
        self, name: str, give_up: Callable[[], bool] = lambda: False
    ) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Hold the lock `name`, waiting for whoever has it; the system frees it on any exit.

        Yields a function that puts a note into the lock's file, for `locks` to read; the note stays
        there. Raises GivenUp once `give_up` says so.
        """
        with writing_to(self.in_flight):
            self.in_flight.mkdir(parents=True, exist_ok=True)
            file = (self.in_flight / f"{name}.lock").open("ab", buffering=0)

        def note(content: Mapping[str, Any]) -> None:
            with writing_to(self.in_flight):
                file.truncate(0)
                file.write(json.dumps(content).encode())

        with file:
            while not acquired(file, fcntl.LOCK_EX):
                if give_up():
                    raise GivenUp
                time.sleep(LOCK_SECONDS)
            yield note

    def locks(self) -> Iterator[tuple[str, bool, dict[str, Any]]]:
        """Yield each lock's name, whether a process holds it now, and its note ({} if none)."""
        for path in sorted(self.in_flight.glob("*.lock")):
            with path.open("rb") as file:
                held = not acquired(file, fcntl.LOCK_SH)
                try:
                    content = json.loads(file.read())
                except ValueError:  # none, or one that is being written
                    content = {}
            yield path.stem, held, content if isinstance(content, dict) else {}


def run_ids(path: Path) -> frozenset[str]:
    """Return the ids in a runs.csv, which is read again only once it was replaced."""
    try:
        with path.open() as file:  # makes a network file system look anew, as stat need not
            state = os.fstat(file.fileno())
    except FileNotFoundError:
        return frozenset()
    return _run_ids(path, state.st_ino, state.st_mtime_ns, state.st_size)


@lru_cache
def _run_ids(path: Path, *state: int) -> frozenset[str]:
    return frozenset(row["run_id"] for row in read_rows(path))


def acquired(file: IO[bytes], kind: int) -> bool:
    """Try to lock a file, without waiting."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sort_key(row: Row, settings: Sequence[str]) -> tuple[tuple[float, str], ...]:
    """Order rows by series, reading and role, then by settings, numbers as numbers."""
    keys = ["series", "reading", "role", *settings, "run_id"]
    return tuple(_number_or_text(row.get(key, "")) for key in keys)


def _number_or_text(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return float("-inf"), value


def read_saved(path: Path) -> tuple[Row, list[Row], Row | None]:
    """Read a saved run's row, curve and machine; raises UserError for a damaged file."""
    try:
        content = json.loads(path.read_text())
        return content["run"], content["curve"], content["machine"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a saved run; delete it to train the run again") from None
