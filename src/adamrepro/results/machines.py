"""The machines that runs were trained on: a small table next to runs.csv."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from adamrepro.results.rows import Row, as_csv, read_table

MACHINE_COLUMNS = (
    "machine",  # a hash of all the others
    "processor",
    "cores",  # that the process may use
    "instructions",  # the vector instructions that torch's kernels use
    "memory_gb",
    "gpu",  # blank for runs on a CPU
    "system",
    "python",
    "torch",
)


def machine_id(machine: Mapping[str, str]) -> str:
    """Name a machine by what is said of it."""
    said = {key: machine[key] for key in MACHINE_COLUMNS if key != "machine"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


def read_machines(folder: Path) -> dict[str, Row]:
    """Read the machines of an experiment's tables by their id; none where there is no such table.

    Raises UserError for a damaged table.
    """
    rows = read_table(folder / "machines.csv", "machine")
    return {row["machine"]: row for row in rows}


def machines_csv(machines: Iterable[Row]) -> str:
    """Write the table, in an order that does not depend on who was first."""
    return as_csv(sorted(machines, key=lambda row: row["machine"]), MACHINE_COLUMNS)
