"""Every test here starts with a W&B that knows no key, no settings and no earlier run."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wandb_core import settle


@pytest.fixture(autouse=True)
def wandb_afresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in os.environ:
        if name.startswith("WANDB_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / ".netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setattr("adamrepro.tracking.wandb._warned", threading.Event())
    yield
    settle()
