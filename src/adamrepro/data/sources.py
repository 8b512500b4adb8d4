"""Find the files of a data set, or fetch them, or say that a stand-in has to do."""

from __future__ import annotations

import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from adamrepro.errors import UserError

# seconds without a byte before a server counts as unreachable: a machine without a network has to
# get to its stand-in quickly
DOWNLOAD_TIMEOUT = 10.0

CHUNK = 1 << 16
"""Bytes between two reports of a download's counter."""

INCOMING = ".incoming-"
"""How the names of folders begin that hold downloads on their way."""


class Counter(Protocol):
    """Called now and then while something slow is under way."""

    def __call__(self, task: str, done: int, total: int) -> None:
        """Report that `done` of `total` items of `task` are done."""


def uncounted(task: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Where a data set may come from.

    Attributes:
        root: the folder that holds the files as their canonical archives unpack.
        download: fetch what is missing.
        stand_in: use the stand-in for what can neither be found nor fetched.
        counter: is told how far slow work has come.
    """

    root: Path
    download: bool
    stand_in: bool
    counter: Counter = uncounted


def locate(
    request: Request,
    *,
    name: str,
    files: Sequence[Path],
    started: Sequence[Path],
    origin: str,
    fetch: Callable[[Request], None],
) -> bool:
    """Make sure that `files` are there; return False if a stand-in is to be used instead.

    Args:
        request: where to look and what is allowed.
        name: the data set's name, for messages.
        files: the files that are needed, under `request.root`.
        started: if one of these exists, part of the data set is there, and a stand-in would hide
            that the rest is missing.
        origin: the address it is downloaded from, for messages.
        fetch: downloads into the request's root; raises OSError or RuntimeError if it cannot.

    Raises:
        UserError: a file is missing and neither a download nor a stand-in was allowed or possible.
    """
    missing = _missing(files)
    if missing is None:
        return True
    tried = f"looked in {request.root.absolute()}"
    if request.download:
        try:
            with _alone(request.root):
                if _missing(files):  # else another process has just fetched them
                    fetch(request)
        except (OSError, RuntimeError, tarfile.TarError) as error:
            tried += f"; downloading from {origin} failed: {' '.join(str(error).split())}"
        else:
            missing = _missing(files)
            if missing is None:
                return True
            tried += f"; {origin} did not hold it"
    if request.stand_in and not any(path.exists() for path in started):
        return False
    download = "" if request.download else "let them be downloaded with data.download=true, "
    raise UserError(
        f"{name}: {missing} is missing ({tried}).\n"
        f"Put the files into a folder that data.root=DIR (--data DIR) names, {download}"
        "or accept a stand-in with data.stand_in=true (--stand-in)"
        + (" (not while part of the files is there)." if request.stand_in else ".")
    )


def _missing(files: Sequence[Path]) -> Path | None:
    return next((path for path in files if not path.exists()), None)


def fetch_file(urls: Sequence[str], md5: str, folder: Path, counter: Counter) -> Path:
    """Download a file into `folder` from the first of `urls` that has it, and check it.

    Raises:
        OSError: it cannot be had from any of them; says why of each.
    """
    import pooch  # 0.2 s, seldom needed

    pooch.get_logger().setLevel("ERROR")
    reasons = []
    for url in urls:
        name = url.rpartition("/")[2]
        fetcher = pooch.HTTPDownloader(
            progressbar=_Bar(counter, name), chunk_size=CHUNK, timeout=DOWNLOAD_TIMEOUT
        )
        try:
            found = pooch.retrieve(url, f"md5:{md5}", path=folder, fname=name, downloader=fetcher)
            return Path(found)
        except (OSError, ValueError) as error:  # ValueError: another checksum
            reasons.append(f"{url}: {_in_short(error)}")
    raise OSError("; ".join(reasons))


def fetch_archive(url: str, md5: str, folder: str, request: Request) -> None:
    """Download the tar archive at `url` and put its top folder `folder` under the root.

    Nothing appears under its final name before it is whole and verified.

    Raises:
        OSError, RuntimeError, tarfile.TarError: not reachable, wrong checksum, not as expected.
    """
    target = request.root / folder
    if target.exists():
        raise RuntimeError(f"{target} is in the way; move it elsewhere")
    with scratch(request.root) as temporary:
        archive = fetch_file([url], md5, temporary, request.counter)
        _unpack(archive, temporary / "unpacked")
        unpacked = temporary / "unpacked" / folder
        if not unpacked.is_dir():
            raise RuntimeError(f"{url} holds no folder {folder}")
        unpacked.rename(target)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar archive whose members are plain files and folders inside of it.

    pooch's own way of it relies on tarfile's filters, which Python 3.11.2 (Debian 12) lacks.
    """
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                raise tarfile.TarError(f"{archive.name} holds {member.name}: not a plain file")
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)


def _in_short(error: Exception) -> str:
    """The reason inside what requests raises, without the tale of its attempts around it."""
    inner = error.args[0] if error.args else error
    return " ".join(str(getattr(inner, "reason", None) or error).split())


class _Bar:
    """What pooch takes for a progress bar; passes on how many kB are there."""

    total = 0  # bytes, set by pooch; 0 where the server does not say

    def __init__(self, counter: Counter, name: str) -> None:
        self.counter, self.task = counter, f"downloading {name}, kB"
        self.done = self.told = 0

    def update(self, count: int) -> None:
        self.done += count
        done = min(self.done, self.total) // 1000
        if done > self.told:
            self.told = done
            self.counter(self.task, done, self.total // 1000)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None: ...


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """A temporary folder on the same file system as `root`, removed afterwards."""
    with tempfile.TemporaryDirectory(dir=root, prefix=INCOMING) as temporary:
        yield Path(temporary)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one process at a time download into `root`, and remove what a killed one has left."""
    root.mkdir(parents=True, exist_ok=True)
    folder = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks for folders
            fcntl.flock(folder, fcntl.LOCK_EX)
            for left in root.glob(f"{INCOMING}*"):
                shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(folder)
