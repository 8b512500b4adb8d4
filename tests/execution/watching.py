"""The sweep of sweep.py as a process of its own, watched from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Process = subprocess.Popen[bytes]
HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"
PATIENCE = 300.0
"""Seconds after which a test gives up waiting."""


def start(
    results: Path, workers: int = 1, errors: Any = subprocess.DEVNULL, **variables: str
) -> Process:
    """Start the sweep as a process, in a session of its own."""
    path = os.pathsep.join(map(str, (SOURCES, HERE.parent)))
    return subprocess.Popen(
        [sys.executable, str(HERE / "sweep.py"), str(results), str(workers)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **variables},
        stderr=errors,
        start_new_session=True,
    )


def ended(process: Process) -> tuple[int, str]:
    """Wait for a process that was started with errors=PIPE; return its status and what it said."""
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said.decode()


def until(condition: Callable[[], object], process: Process | None = None) -> None:
    """Wait until something holds; fails if the process ends before it does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process is None or process.poll() is None, "the process ended before"
        time.sleep(0.01)


def checkpoints(results: Path) -> list[Path]:
    return list(results.rglob("*.ckpt"))


def trained(results: Path) -> list[str]:
    """The populations whose training was begun or taken up again, once for each time."""
    log = results.with_name(f"{results.name}.trained")
    return log.read_text().split() if log.exists() else []


def workers_of(pid: int) -> list[int]:
    """The worker processes of a sweep (not Python's resource tracker)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children if is_python_worker(int(child))]


def is_python_worker(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
