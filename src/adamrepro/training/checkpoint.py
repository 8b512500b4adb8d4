"""Checkpoints: one file per population, replaced atomically, read without unpickling code."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from adamrepro.files import remove_left_over, replacing

VERSION = 2
"""Raise this when the content of a checkpoint changes: older files are then set aside."""


class Checkpoint:
    """A checkpoint file that belongs to the population with the given identity."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.identity = identity

    def save(self, state: dict[str, Any]) -> None:
        """Write the state; a kill at any moment leaves the old file or the new one, whole.

        Raises UserError, with the old file left, where the folder is full or cannot be written.
        """
        with replacing(self.path, "wb") as file:
            try:
                torch.save({"version": VERSION, "identity": self.identity, **state}, file)
            except RuntimeError as error:
                raise disk_error(error) or error from None

    def load(self) -> tuple[dict[str, Any] | None, str]:
        """Return the state and "", or None and the reason why there is none to use.

        The reason is "" when there simply is no file; a damaged file, another version's or
        another population's is reported and left out: training then starts from the beginning.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.testzip():  # torch.load itself looks at no checksum
                    raise zipfile.BadZipFile
            # mapped: what is copied from it need not fit into the memory twice
            state = torch.load(self.path, map_location="cpu", weights_only=True, mmap=True)
        except FileNotFoundError:
            return None, ""
        except Exception as e:  # damage can raise nearly anything
            return None, f"{self.path}: unreadable checkpoint ({type(e).__name__}), starting over"
        if not isinstance(state, dict) or state.get("version") != VERSION:
            return None, f"{self.path}: checkpoint of another version, starting over"
        if state.get("identity") != self.identity:
            return None, f"{self.path}: checkpoint of another population, starting over"
        return state, ""

    def glance(self) -> dict[str, Any] | None:
        """Return the state for a look at how far it has come, None if there is none to be read.

        Tensors are left on the disk and checksums unread: never resume from this.
        """
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True, mmap=True)
        except Exception:  # damage can raise nearly anything
            return None
        ok = isinstance(state, dict) and state.get("version") == VERSION
        return state if ok and state.get("identity") == self.identity else None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        remove_left_over(self.path)


def disk_error(error: BaseException) -> OSError | None:
    """Find the disk's own error, which torch.save hides behind one about its archive."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause
