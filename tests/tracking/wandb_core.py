"""wandb-core, the program that does W&B's work beside each process: waiting for it, killing it."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from adamrepro.tracking.wandb import WandbTracker

PATIENCE = 300.0
"""Seconds after which a test gives up waiting: W&B is slow on a machine that is busy."""


def settle() -> None:
    """Wait until wandb-core, which writes the end of a file after finish() returned, has left."""
    if "wandb" in sys.modules:
        sys.modules["wandb"].teardown()


def settled(tracker: WandbTracker) -> bool:
    """Wait until the tracker has done all that it was given so far."""
    done = threading.Event()
    tracker.tasks.put(lambda session: done.set())
    return done.wait(PATIENCE)


def kill_services() -> list[int]:
    """Kill the wandb-core processes that this one started."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for path in children for pid in path.read_text().split()]
    found = [pid for pid in pids if "wandb-core" in command_of(pid)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while any(command_of(pid) for pid in found):
        assert time.monotonic() < end, "wandb-core does not die"
        time.sleep(0.01)
    return found


def command_of(pid: int) -> str:
    """The command line of a process, empty once it is dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What this project has warned of; libraries have logs of their own."""
    return [r.getMessage() for r in caplog.records if r.name.startswith("adamrepro")]
