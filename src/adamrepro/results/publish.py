"""Replacing an experiment's published tables and figures: whole or not at all, one at a time."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adamrepro.errors import UserError
from adamrepro.files import write_atomically, writing_to
from adamrepro.results.kinds import Role
from adamrepro.results.machines import read_machines
from adamrepro.results.review import Planned
from adamrepro.results.rows import read_curves, read_rows
from adamrepro.results.run_id import key_of, row_run_id
from adamrepro.results.store import Store, acquired

TABLES = ("runs.csv", "curves.csv", "machines.csv")


@contextmanager
def publishing(root: Path) -> Iterator[Path]:
    """Keep others from publishing into `root`, and yield a folder beside what is published there.

    The folder is gone afterwards. Mends first what a kill has left behind. Raises UserError where
    somebody else is publishing, and where `root` cannot be written.
    """
    with writing_to(root):
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".lock").open("ab") as lock:
            if not acquired(lock, fcntl.LOCK_EX):
                raise UserError(f"{root}: somebody else is publishing there; try again afterwards")
            mend(root)
            stage = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
            try:
                yield stage
            finally:
                shutil.rmtree(stage, ignore_errors=True)


def mend(root: Path) -> None:
    """Put back what a kill has left set aside, and remove what it has left half made."""
    for aside in (root / ".old").glob("*/*"):
        place = root / aside.parent.name / aside.name
        if not place.exists():
            aside.rename(place)
    for left in (root / ".old", *root.glob(".new-*")):
        shutil.rmtree(left, ignore_errors=True)


def copy_tables(store: Store, folder: Path) -> None:
    """Copy an experiment's tables as they are between two changes of them."""
    with store.lock("tables"):
        texts = {name: (store.tables / name).read_text() for name in TABLES if has(store, name)}
    for name, text in texts.items():
        write_atomically(folder / name, text)


def keep_published(store: Store, folder: Path, planned: Planned) -> None:
    """Add to the tables in `store` the planned runs that they lack and those in `folder` have."""
    own = {key_of(row) for row in read_rows(store.tables / "runs.csv")}
    kept = {}
    for row in read_rows(folder / "runs.csv"):
        labels = {key: row[key] for key in ("series", "reading", "role")}
        asked_for = tuple(labels.values()) in planned.get(key_of(row), ())
        if asked_for and key_of(row) not in own and row_run_id(row) == row["run_id"]:
            kept[row["run_id"]] = labels
    store.take(folder, kept)
    store.collect()


def leave_out_unchosen(store: Store, planned: Planned) -> int:
    """Drop confirmations of settings of the grid that it does not choose, or no longer; count them.

    A grid that was widened may choose others than those that were confirmed before.
    """
    with store.lock("tables"):
        rows = read_rows(store.tables / "runs.csv")
        of_grid = {row["setting_id"] for row in rows if row["role"] == Role.GRID}
        kept = [
            row
            for row in rows
            if row["role"] != Role.CONFIRM
            or row["setting_id"] not in of_grid
            or key_of(row) in planned
        ]
        if len(kept) < len(rows):
            names = {row["run_id"]: row for row in kept}
            machines = read_machines(store.tables)
            store.write(kept, read_curves(store.tables / "curves.csv", names), machines)
    return len(rows) - len(kept)


def has(store: Store, name: str) -> bool:
    return (store.tables / name).is_file()


def swap(new: Path, root: Path, table: str) -> None:
    """Let an experiment's folder `new` take the place of `root`/`table`/its name.

    A folder cannot be replaced in one step: the old one is set aside where `mend` finds it.
    """
    place, aside = root / table / new.name, root / ".old" / table / new.name
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        place.rename(aside)
    new.rename(place)
    shutil.rmtree(root / ".old", ignore_errors=True)


def replace_figures(experiment: str, drawn: Sequence[Path], folder: Path) -> None:
    """Move an experiment's new pictures into `folder`, and remove others of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in drawn:
        path.replace(folder / path.name)
    kept = {path.name for path in drawn}
    for pattern in (f"{experiment}.*", f"{experiment}_*.*"):
        for path in folder.glob(pattern):
            if path.name not in kept:
                path.unlink()
