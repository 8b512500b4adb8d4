"""Locks keep processes apart, and free themselves whatever becomes of their holders."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adamrepro.results.store import GivenUp, Store

HOLD = """
import sys, time
from pathlib import Path
from adamrepro.results.store import Store
with Store(Path(sys.argv[1]), "quick", "fig1a").lock("population") as note:
    note({"runs": ["mine"]})
    print("held", flush=True)
    time.sleep(600)
"""


def holder(root: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick", "fig1a")
    with holder(tmp_path) as process:
        assert list(store.locks()) == [("population", True, {"runs": ["mine"]})]
        polls = iter([False, False, True])
        with pytest.raises(GivenUp), store.lock("population", lambda: next(polls)):
            pytest.fail("had by two at once")
        assert next(polls, None) is None
        process.send_signal(signal.SIGKILL)
    began = time.monotonic()
    with store.lock("population"):
        assert time.monotonic() - began < 5
    assert list(store.locks()) == [("population", False, {"runs": ["mine"]})]


def test_a_note_is_replaced_and_may_be_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick", "fig1a")
    with store.lock("a") as note:
        note({"long": "x" * 100})
        note({"n": 1})
    assert list(store.locks()) == [("a", False, {"n": 1})]
    for content in ("", "{", "[1]"):
        (store.in_flight / "a.lock").write_text(content)
        assert list(store.locks()) == [("a", False, {})]


def test_what_a_kill_left_of_the_tables_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick", "fig1a")
    store.save({"run_id": "r", "series": "Adam"}, [{"epoch": 0}], {"machine": "m"})
    store.tables.mkdir(parents=True)
    for name in (".runs.csv.abc", ".curves.csv.abc", ".summary.csv.abc"):
        (store.tables / name).touch()  # the last may be in the making: it is not the lock's
    store.collect()
    left = {path.name for path in store.tables.iterdir()}
    assert left == {"runs.csv", "curves.csv", "machines.csv", ".summary.csv.abc"}
