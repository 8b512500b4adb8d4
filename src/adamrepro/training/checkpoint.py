"""Checkpoints: one file per population, replaced atomically, read without unpickling code."""

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch

VERSION = 1
"""Raise this when the content of a checkpoint changes: older files are then set aside."""


class Checkpoint:
    """A checkpoint file that belongs to the population with the given identity."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.identity = identity

    def save(self, state: dict[str, Any]) -> None:
        """Write the state; a kill at any moment leaves the old file or the new one, whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                torch.save({"version": VERSION, "identity": self.identity, **state}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def load(self) -> tuple[dict[str, Any] | None, str]:
        """Return the state and "", or None and the reason why there is none to use.

        The reason is "" when there simply is no file; a damaged file, another version's or
        another population's is reported and left out: training then starts from the beginning.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.testzip():  # torch.load itself looks at no checksum
                    raise zipfile.BadZipFile
            state = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None, ""
        except Exception as e:  # damage can raise nearly anything
            return None, f"{self.path}: unreadable checkpoint ({type(e).__name__}), starting over"
        if not isinstance(state, dict) or state.get("version") != VERSION:
            return None, f"{self.path}: checkpoint of another version, starting over"
        if state.get("identity") != self.identity:
            return None, f"{self.path}: checkpoint of another population, starting over"
        return state, ""

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
