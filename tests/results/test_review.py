"""What is refused before it is published, each fault with its message."""

from pathlib import Path

import pytest

import record
from adamrepro.results.review import objections
from adamrepro.results.run_id import Value, run_id


def against(commit: str) -> str:
    return "commit abc-dirty: not clean" if commit.endswith("-dirty") else ""


def said(folder: Path) -> str:
    return "\n".join(objections(folder, record.planned(), against))


def changed(**changes: Value) -> list[dict[str, Value]]:
    """The rows, of which the first is another."""
    first, *others = record.rows()
    return [{**first, **changes}, *others]


def test_nothing_speaks_against_a_whole_table(tmp_path: Path) -> None:
    assert said(record.put(tmp_path)) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"commit": "abc-dirty"}, "commit abc-dirty: not clean"),
        ({"data_source": "stand-in"}, "trained on stand-in data"),
        ({"data_source": ""}, "no data named"),
        ({"data_sha": "other"}, "the run_id does not follow from the settings"),
        ({"setting_id": "other"}, "the run_id does not follow from the settings"),
        ({"series": "AdaGrad"}, "an orphan"),
        ({"role": "confirm"}, "an orphan"),
        ({"machine": ""}, "its machine is not recorded"),
        ({"machine": "elsewhere"}, "its machine is not recorded"),
        ({"cpu_seconds": None}, "cpu_seconds is not recorded"),
        ({"date": None}, "date is not recorded"),
        ({"status": "diverged"}, "it is not said when"),
    ],
    ids=str,
)
def test_a_faulty_row_is_named(changes: dict[str, Value], expected: str, tmp_path: Path) -> None:
    folder = record.put(tmp_path, changed(**changes))
    [line] = said(folder).splitlines()
    assert line.startswith(f"run {record.rows()[0]['run_id']}: ")
    assert expected in line


def test_a_run_of_a_setting_that_no_config_has(tmp_path: Path) -> None:
    more = record.row(0.5, 0, "grid")
    [line] = said(record.put(tmp_path, [*record.rows(), more])).splitlines()
    assert line.startswith(f"run {more['run_id']}: an orphan")


def test_a_long_sweep_may_be_published_in_part(tmp_path: Path) -> None:
    """Runs may be missing then, and nothing else may be wrong."""
    folder = record.put(tmp_path, record.rows()[1:])
    assert objections(folder, record.planned(), against, partial=True) == []
    folder = record.put(tmp_path, changed(machine=""))
    assert len(objections(folder, record.planned(), against, partial=True)) == 1


def test_a_planned_run_that_is_missing(tmp_path: Path) -> None:
    [line] = said(record.put(tmp_path, record.rows()[1:])).splitlines()
    assert line == (
        "1 of 5 runs are missing, the first of them grid Adam: optimizer.alpha=0.1 seed=0"
    )


def test_a_curve_that_ends_early(tmp_path: Path) -> None:
    [line] = said(record.put(tmp_path, epochs=record.EPOCHS - 1)).splitlines()
    assert "and 2 others: its curve has gaps or ends at epoch 2 of 3" in line


def test_a_setting_and_seed_that_is_there_twice(tmp_path: Path) -> None:
    first = record.rows()[0]
    settings = {key: first[key] for key in ("optimizer.alpha", "training.epochs", "seed")}
    again = {**first, "data_sha": "other", "run_id": run_id(settings, "other")}
    found = said(record.put(tmp_path, [*record.rows(), again]))
    assert "its setting and seed are there more than once" in found


@pytest.mark.parametrize(
    ("name", "old", "new"), [("runs.csv", ",1.5,", ",1.4,"), ("curves.csv", ",1.02,", ",1.01,")]
)
def test_a_table_that_was_edited_by_hand(name: str, old: str, new: str, tmp_path: Path) -> None:
    path = record.put(tmp_path) / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    [line, *_] = said(path.parent).splitlines()
    assert "was changed after it was written" in line


def test_a_machine_that_was_edited_by_hand(tmp_path: Path) -> None:
    path = record.put(tmp_path) / "machines.csv"
    path.write_text(path.read_text().replace("a processor", "a better one"))
    assert "was changed in machines.csv" in said(path.parent)
