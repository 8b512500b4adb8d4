"""Find the files of a data set, or fetch them, or say that a stand-in has to do."""

from __future__ import annotations

import socket
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Protocol

from adamrepro.errors import UserError

# seconds without a byte before a server counts as unreachable: a machine without a network has to
# get to its stand-in quickly
DOWNLOAD_TIMEOUT = 10.0


class Progress(Protocol):
    """Called now and then while something slow is under way."""

    def __call__(self, task: str, done: int, total: int) -> None:
        """Report that `done` of `total` items of `task` are done."""


def no_progress(task: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Where a data set may come from.

    Attributes:
        root: the folder that holds the files as their canonical archives unpack.
        download: fetch what is missing.
        stand_in: use the stand-in for what can neither be found nor fetched.
        progress: is told how far slow work has come.
    """

    root: Path
    download: bool
    stand_in: bool
    progress: Progress = no_progress


def locate(
    request: Request,
    *,
    name: str,
    files: Sequence[Path],
    started: Sequence[Path],
    origin: str,
    fetch: Callable[[Path], None],
) -> bool:
    """Make sure that `files` are there; return False if a stand-in is to be used instead.

    Args:
        request: where to look and what is allowed.
        name: the data set's name, for messages.
        files: the files that are needed, under `request.root`.
        started: if one of these exists, part of the data set is there, and a stand-in would hide
            that the rest is missing.
        origin: the address it is downloaded from, for messages.
        fetch: downloads into the root it is given; raises OSError or RuntimeError if it cannot.

    Raises:
        UserError: a file is missing and neither a download nor a stand-in was allowed or possible.
    """
    missing = _missing(files)
    if missing is None:
        return True
    tried = f"looked in {request.root.absolute()}"
    if request.download:
        try:
            # torchvision prints to stdout, which belongs to the results
            with _short_timeout(), redirect_stdout(sys.stderr):
                fetch(request.root)
        except (OSError, RuntimeError, HTTPException, tarfile.TarError) as error:
            tried += f"; downloading from {origin} failed: {' '.join(str(error).split())}"
        else:
            missing = _missing(files)
            if missing is None:
                return True
            tried += f"; {origin} did not hold it"
    if request.stand_in and not any(path.exists() for path in started):
        return False
    raise UserError(
        f"{name}: {missing} is missing ({tried}).\n"
        "Put the files under data.root=DIR, or let them be downloaded with data.download=true, "
        "or accept a stand-in with data.stand_in=true"
        + (" (not while part of the files is there)." if request.stand_in else ".")
    )


def _missing(files: Sequence[Path]) -> Path | None:
    return next((path for path in files if not path.exists()), None)


def fetch_archive(url: str, md5: str, folder: str, root: Path) -> None:
    """Download the tar archive at `url` and put its top folder `folder` under `root`.

    Nothing appears under its final name before it is whole and verified.

    Raises:
        OSError, RuntimeError, tarfile.TarError: not reachable, wrong checksum, not as expected.
    """
    if (root / folder).exists():
        raise RuntimeError(f"{root / folder} is in the way; move it elsewhere")
    from torchvision.datasets.utils import download_url  # takes seconds to import, seldom needed

    with scratch(root) as temporary:
        download_url(url, temporary, filename="archive.tar.gz", md5=md5)
        _unpack(temporary / "archive.tar.gz", temporary / "unpacked")
        unpacked = temporary / "unpacked" / folder
        if not unpacked.is_dir():
            raise RuntimeError(f"{url} holds no folder {folder}")
        unpacked.rename(root / folder)


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                raise tarfile.TarError(f"{archive.name} holds {member.name}: not a plain file")
        # Python 3.11.2, which Debian 12 has, knows no filters yet
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """A temporary folder on the same file system as `root`, removed afterwards."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".incoming-") as temporary:
        yield Path(temporary)


@contextmanager
def _short_timeout() -> Iterator[None]:
    # torchvision opens its addresses without a timeout of its own
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
