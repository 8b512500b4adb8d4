"""Arrays that are slow to make, kept in files next to the data they were made from.

A cache is used only if its key (what it was made from and how) is the wanted one and its content
still has the checksum it was written with; anything else counts as no cache, and it is made again.
Where the data folder cannot be written, the user's own cache folder is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from adamrepro.data.dataset import content_sha256
from adamrepro.errors import UserError
from adamrepro.files import replacing


@dataclass(frozen=True, slots=True)
class FileState:
    """One file that something is made from: path, size in bytes, modification time in ns."""

    path: str
    size: int
    modified: int

    @classmethod
    def of(cls, file: os.DirEntry[str] | Path) -> FileState:
        """The state of `file` now."""
        status = file.stat()
        return cls(os.fspath(file), status.st_size, status.st_mtime_ns)


def fingerprint(files: Iterable[FileState], folder: Path) -> str:
    """Hex digest that changes when a file under `folder` is altered, added, removed or renamed."""
    start = len(os.path.join(folder, ""))
    lines = (f"{file.path[start:]} {file.size} {file.modified}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


Arrays = dict[str, np.ndarray]
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


def load_arrays(path: Path, key: str) -> Arrays | None:
    """The arrays saved as `path` under `key`, or None if there are none such."""
    for place in _places(path):
        try:
            with np.load(place, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            checksum = str(arrays.pop("sha256"))
            if str(arrays.pop("key")) == key and _sha256(arrays) == checksum:
                return arrays
        except _BROKEN:
            continue
    return None


def save_arrays(path: Path, key: str, arrays: Arrays) -> None:
    """Save `arrays` as the npz file `path` under `key`; warn if that is impossible."""
    checked = {**arrays, "key": np.array(key), "sha256": np.array(_sha256(arrays))}

    # its stub means allow_pickle
    _save(path, lambda file: np.savez(file, **checked))  # type: ignore[arg-type]


def load_mapped(path: Path, key: str) -> np.ndarray | None:
    """The array saved as `path` under `key`, mapped into memory, or None if there is none such.

    Processes that map the same file share its pages. Writing to the array changes no file.
    """
    for place in _places(path):
        try:
            note = json.loads(_note(place).read_text())
            array: np.ndarray = np.load(place, mmap_mode="c", allow_pickle=False)
            if note["key"] == key and note["sha256"] == content_sha256([array]):
                return array
        except _BROKEN:
            continue
    return None


def save_mapped(path: Path, key: str, array: np.ndarray) -> None:
    """Save `array` as the npy file `path` under `key`; warn if that is impossible."""
    note = json.dumps({"key": key, "sha256": content_sha256([array])}, indent=1)
    _save(path, lambda file: np.save(file, array, allow_pickle=False))
    _save(_note(path), lambda file: file.write(note.encode()))


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _sha256(arrays: Arrays) -> str:
    return content_sha256(part for name in sorted(arrays) for part in (name, arrays[name]))


def _places(path: Path) -> list[Path]:
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    owner = hashlib.sha256(str(path.parent.absolute()).encode()).hexdigest()[:16]
    return [path, user / "adamrepro" / owner / path.name]


def _save(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    for place in _places(path):
        try:
            with replacing(place, "wb") as file:
                write(file)
            return
        except (OSError, UserError) as failed:
            error = failed
    warnings.warn(f"{path} could not be written and will be made again: {error}", stacklevel=3)
