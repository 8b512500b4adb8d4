"""wandb-core, the program that does W&B's work beside each process: waiting for it, killing it."""

import os
import signal
import sys
import threading
from pathlib import Path

from adamrepro.tracking.wandb import WandbTracker


def settle() -> None:
    """Wait until wandb-core, which writes the end of a file after finish() returned, has left."""
    if "wandb" in sys.modules:
        sys.modules["wandb"].teardown()


def settled(tracker: WandbTracker) -> bool:
    """Wait until the tracker has done all that it was given so far."""
    done = threading.Event()
    tracker.tasks.put(lambda session: done.set())
    return done.wait(120)


def kill_services() -> list[int]:
    """Kill the wandb-core processes that this one started."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for path in children for pid in path.read_text().split()]
    # the command line of one that is dead already is empty
    found = [pid for pid in pids if "wandb-core" in Path(f"/proc/{pid}/cmdline").read_text()]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found
