"""Finished runs and their tables: whole at every moment, in one order, hard to falsify."""

import contextlib
import csv
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adamrepro import files as files_module
from adamrepro.errors import UserError
from adamrepro.results.machines import MACHINE_COLUMNS, machine_id, read_machines
from adamrepro.results.rows import read_rows, text
from adamrepro.results.run_id import Value, population_id, run_id, setting_id
from adamrepro.results.schema import CURVE_COLUMNS, RUN_ID_COLUMNS, RUN_RECORD_COLUMNS, Tables
from adamrepro.results.store import Store

Run = dict[str, Value]
Curve = list[dict[str, float]]


def machine(number: int) -> dict[str, str]:
    """One of two machines."""
    said = dict.fromkeys(MACHINE_COLUMNS, "") | {"cores": str(2 + number % 2)}
    return said | {"machine": machine_id(said)}


def make_run(number: int, **changes: Value) -> tuple[Run, Curve, dict[str, str]]:
    """A run of one of two optimizers, whose settings differ, and the machine it ran on."""
    settings: Run = {"optimizer.alpha": 10.0 ** -(number % 4), "seed": number, "dataset.name": "x"}
    if number % 2:
        settings["optimizer.beta1"] = 0.9
    run: Run = {
        "run_id": run_id(settings, "sha"),
        "setting_id": setting_id(settings, "sha"),
        "experiment": "fig1a",
        "series": ("Adam", "AdaGrad")[number % 2],
        "reading": "",
        "role": "grid",
        "status": "done",
        "diverged_epoch": None,
        **settings,
        "data_source": "canonical",
        "data_sha": "sha",
        "seconds": 0.1 * number,
        "machine": machine(number)["machine"],
        **changes,
    }
    curve = [{"epoch": e, "train_cost": 1 / (number + e + 1)} for e in range(3)]
    return run, curve, machine(number)


def make_store(root: Path) -> Store:
    return Store(root, "quick", "fig1a")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_saved_runs_reach_the_tables(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    assert store.done() == set()
    assert store.collect() == 0
    assert not store.tables.exists()
    made = [make_run(number) for number in range(3)]
    for each in made:
        store.save(*each)
    identities = {run["run_id"] for run, *_ in made}
    assert store.done() == identities
    assert store.collect() == 3
    assert store.done() == identities
    assert not list(store.in_flight.glob("*.json"))
    assert set(files(store.tables)) == {"runs.csv", "curves.csv", "machines.csv"}
    tables = Tables.read(store.tables)
    assert set(tables.runs["run_id"]) == identities
    assert len(tables.curves) == 9
    machines = read_machines(store.tables)
    assert set(machines) == set(tables.runs["machine"]) == {machine(n)["machine"] for n in (0, 1)}
    assert all(machine_id(row) == name for name, row in machines.items())


def test_columns_are_the_schemas(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    for number in range(2):
        store.save(*make_run(number))
    store.collect()
    with (store.tables / "runs.csv").open() as file:
        columns = next(csv.reader(file))
    settings = ["dataset.name", "optimizer.alpha", "optimizer.beta1", "seed"]
    assert columns == [*RUN_ID_COLUMNS, *settings, *RUN_RECORD_COLUMNS]
    header, first, *_ = (store.tables / "curves.csv").read_text().splitlines()
    assert header == ",".join(CURVE_COLUMNS)
    assert first.endswith(",0,0.5,,,,")


def test_tables_do_not_tell_in_which_order_runs_ended(tmp_path: Path) -> None:
    """Any order, any split into collections: the same bytes."""
    numbers = list(range(8))
    expected = None
    for attempt in range(6):
        store = make_store(tmp_path / str(attempt))
        random.Random(attempt).shuffle(numbers)
        cuts = sorted(random.Random(attempt).sample(range(9), attempt))
        for start, end in itertools.pairwise([0, *cuts, 8]):
            for number in numbers[start:end]:
                store.save(*make_run(number))
            store.collect()
        expected = expected or files(store.tables)
        assert files(store.tables) == expected


def test_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    for seed in (10, 9, 100, 2):
        store.save(*make_run(0, seed=seed, run_id=f"r{seed}"))
    store.collect()
    with (store.tables / "runs.csv").open() as file:
        assert [row["seed"] for row in csv.DictReader(file)] == ["2", "9", "10", "100"]


def test_collecting_twice_changes_nothing(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    for number in range(4):
        store.save(*make_run(number))
    store.collect()
    before = files(store.tables)
    assert store.collect() == 0
    for number in (1, 2):  # saved again, as after a kill between writing tables and unlinking
        store.save(*make_run(number))
    assert store.collect() == 2
    assert files(store.tables) == before


class Killed(BaseException):
    """Stands for kill -9 at a chosen moment."""


@pytest.mark.parametrize("moment", range(1, 10))
def test_a_kill_at_any_write_loses_nothing(
    moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path / "killed")
    for number in range(3):
        store.save(*make_run(number))
    store.collect()
    for number in range(3, 6):
        store.save(*make_run(number))
    identities = {str(make_run(number)[0]["run_id"]) for number in range(6)}
    left = iter(range(moment - 1, 0, -1))

    def killing(name: str) -> None:
        real = getattr(files_module.os, name)

        def call(*args: object) -> object:
            if not next(left, 0):  # the dead tidy nothing up
                raise Killed
            return real(*args)

        monkeypatch.setattr(files_module.os, name, call)

    for name in ("replace", "fsync", "chmod", "unlink"):
        killing(name)
    with contextlib.suppress(Killed):
        store.collect()
    assert next(left, 0) == 0, "fewer moments than thought"
    monkeypatch.undo()
    assert store.done() == identities
    store.collect()
    whole = make_store(tmp_path / "whole")
    for number in range(6):
        whole.save(*make_run(number))
    whole.collect()
    found = files(store.tables)
    assert {name: found[name] for name in files(whole.tables)} == files(whole.tables)


COLLECT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import make_run, make_store
store = make_store(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(int(sys.argv[3]), 16, 2):
    store.save(*make_run(number))
    store.collect()
"""


def test_two_processes_collecting_at_once(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", COLLECT, str(tmp_path / "both"), here]
    pair = [subprocess.Popen([*command, start], stdin=subprocess.PIPE, text=True) for start in "01"]
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(timeout=120) for process in pair] == [0, 0]
    alone = make_store(tmp_path / "alone")
    for number in range(16):
        alone.save(*make_run(number))
    alone.collect()
    assert files(make_store(tmp_path / "both").tables) == files(alone.tables)


EDITS = {
    "a cost": ("curves.csv", "0.5", "0.4"),
    "an epoch": ("curves.csv", ",2,", ",3,"),
    "a setting": ("runs.csv", "0.001", "0.002"),
    "a role": ("runs.csv", "grid", "confirm"),
    "a series": ("runs.csv", "AdaGrad", "Adam"),
    "a source": ("runs.csv", "canonical", "mirror"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_tables_edited_by_hand_are_noticed(edit: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    for number in range(4):
        store.save(*make_run(number))
    store.collect()
    name, old, new = EDITS[edit]
    content = (store.tables / name).read_text()
    assert old in content
    (store.tables / name).write_text(content.replace(old, new, 1))
    store.save(*make_run(5))
    with pytest.raises(UserError, match="changed after it was written") as error:
        store.collect()
    assert str(store.tables) in str(error.value)
    assert (store.tables / name).read_text() == content.replace(old, new, 1)
    assert str(make_run(5)[0]["run_id"]) in store.done()


def test_a_curve_row_taken_out_is_noticed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.save(*make_run(0))
    store.collect()
    lines = (store.tables / "curves.csv").read_text().splitlines(keepends=True)
    (store.tables / "curves.csv").write_text("".join(lines[:-1]))
    store.save(*make_run(1))
    with pytest.raises(UserError, match="changed after"):
        store.collect()


@pytest.mark.parametrize(
    "content", ["", "hello\n1,2\n", "run_id,a\nx\n", "run_id\nx,y\n", "\0\0", "run_id\n\xff"]
)
def test_damaged_tables_are_named(content: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.tables.mkdir(parents=True)
    path = store.tables / "runs.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match=r"runs\.csv: not a"):
        store.done()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": {}}', "null"])
def test_damaged_saved_runs_are_named(content: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.save(*make_run(0))
    (path,) = store.in_flight.glob("*.json")
    path.write_text(content)
    with pytest.raises(UserError, match=rf"{path.name}: not a saved run"):
        store.collect()


def test_a_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_module.os, "fsync", full)
    store = make_store(tmp_path)
    with pytest.raises(UserError, match="No space") as error:
        store.save(*make_run(0))
    assert str(store.in_flight) in str(error.value)
    assert not [path for path in store.in_flight.rglob("*") if path.suffix != ".lock"]


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_have_six_digits(value: float) -> None:
    assert float(text(value)) == pytest.approx(value, rel=5.1e-6, abs=1e-320)
    assert len(text(value).lstrip("-").replace(".", "").split("e")[0].strip("0")) <= 6


def test_cells() -> None:
    cells = {None: "", True: "true", False: "false", 3: "3", "a": "a", 1e-8: "1e-08"}
    assert [text(value) for value in cells] == list(cells.values())
    assert text(float("nan")) == ""
    assert text(float("inf")) == "inf"
    assert text(1_234_567) == "1234567"


def test_identities() -> None:
    run, *_ = make_run(0)
    settings = {key: value for key, value in run.items() if "." in key or key == "seed"}
    other_seed = {**settings, "seed": 7}
    assert run_id(settings, "a") == run_id(dict(reversed(settings.items())), "a")
    assert run_id(settings, "a") != run_id(settings, "b")
    assert run_id(settings, "a") != run_id(other_seed, "a")
    assert setting_id(settings, "a") == setting_id(other_seed, "a")
    assert setting_id(settings, "a") != setting_id({**settings, "optimizer.alpha": 0.3}, "a")
    assert population_id(["a", "b"]) != population_id(["b", "a"])
    assert population_id(["a", "b"]) != population_id(["a"])
    assert json.dumps(run_id(settings, "a")).isascii()


def test_a_row_tells_its_run_id(tmp_path: Path) -> None:
    """Numbers to their last digit; a setting that is null is as good as none."""
    settings = {"seed": 3, "optimizer.alpha": 0.123456789, "dataset.examples": None, "a.b": True}
    store = make_store(tmp_path)
    store.save({"run_id": run_id(settings, "sha"), "data_sha": "sha", **settings}, [], machine(0))
    store.collect()
    (row,) = read_rows(store.tables / "runs.csv")
    said = {key: value for key, value in row.items() if "." in key or key == "seed"}
    assert (
        run_id(said, row["data_sha"]) == row["run_id"] == run_id({**settings, "c.d": None}, "sha")
    )


def test_identity_counts_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_id({"seed": 0}, "a")
    monkeypatch.setattr("adamrepro.results.run_id.PROTOCOL", 999)
    assert run_id({"seed": 0}, "a") != before


def test_runs_of_another_version_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    with monkeypatch.context() as former:
        former.setattr("adamrepro.results.run_id.PROTOCOL", 1)
        store.save(*make_run(0))
    store.save(*make_run(1))
    store.collect()
    with pytest.raises(UserError, match=r"1 of 2 runs were made by another version") as told:
        store.check()
    assert str(store.tables / "runs.csv") in str(told.value)
    assert "delete it" in str(told.value)
