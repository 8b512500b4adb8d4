"""Files that are replaced whole or not at all, and a disk that cannot take them."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from adamrepro.errors import UserError

REMEDIES = {
    errno.ENOSPC: "make space",
    errno.EDQUOT: "make space",
    errno.EROFS: "make it writable, or choose another folder",
    errno.EACCES: "make it writable, or choose another folder",
    errno.EPERM: "make it writable, or choose another folder",
    errno.ENOENT: "choose another folder",
}
"""What to do where no file of a folder can be written, whichever it is."""


UMASK = os.umask(0o022)
"""What the user keeps from others; asking for it sets it, so this asks once."""
os.umask(UMASK)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the errors of a full or read-only disk into a UserError that names the folder.

    Errors of a file that lies elsewhere, as one that is read meanwhile, pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REMEDIES or is_elsewhere(error.filename, folder):
            raise
        raise UserError(
            f"{folder}: cannot be written ({os.strerror(error.errno)}); {REMEDIES[error.errno]}.\n"
            "What is finished is kept; the same command then goes on where this one left off."
        ) from error


def is_elsewhere(file: object, folder: Path) -> bool:
    """Whether a file, where an error names one, lies outside of a folder and those above it."""
    if not isinstance(file, str | Path):
        return False
    place, around = Path(file).absolute(), folder.absolute()
    return not (place.is_relative_to(around) or around.is_relative_to(place))


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` at the end of the block, if that went well.

    A kill at any moment leaves the old file or the new one, whole. Raises UserError where the
    folder cannot be written, OSError for other trouble; neither leaves a file behind.
    """
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, mode) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~UMASK)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_atomically(path: Path, content: str) -> None:
    """Replace a file's content; raises as `replacing` does."""
    with replacing(path) as file:
        file.write(content)


def remove_left_over(path: Path) -> None:
    """Remove what kills left of earlier attempts to replace `path`: nobody else may be writing."""
    for stray in path.parent.glob(f".{path.name}.*"):
        stray.unlink(missing_ok=True)
