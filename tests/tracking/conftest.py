"""Every test here starts with a W&B that knows no key, no settings and no earlier run."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wandb_core import PATIENCE, settle


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
    # a busy machine is no failure of W&B's: a test that wants an end to waiting sets its own
    monkeypatch.setattr("adamrepro.tracking.wandb.CLOSE_SECONDS", PATIENCE)
    for limit in ("INIT_SECONDS", "FINISH_SECONDS"):
        monkeypatch.setattr(f"adamrepro.tracking.session.{limit}", PATIENCE)
    monkeypatch.setenv("WANDB__SERVICE_WAIT", str(PATIENCE))
    yield
    settle()
