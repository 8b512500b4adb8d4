"""A table that was edited by hand is refused: before training, and before it is drawn or judged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adamrepro.errors import UserError
from adamrepro.execution import run_batch
from adamrepro.results.schema import Tables
from adamrepro.training import Loop
from small import TABLES, small, tables


def a_cost(folder: Path) -> None:
    lines = (folder / "curves.csv").read_text().splitlines()
    cells = lines[2].split(",")
    cells[2] = "0.1"
    lines[2] = ",".join(cells)
    (folder / "curves.csv").write_text("\n".join(lines) + "\n")


def a_setting(folder: Path) -> None:
    path = folder / "runs.csv"
    path.write_text(path.read_text().replace("adam curve", "Adam curve", 1))


@pytest.mark.parametrize("edit", [a_cost, a_setting])
def test_edits_are_refused_and_mended(
    edit: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / TABLES
    run_batch(small(tmp_path), processes=False)
    before = tables(tmp_path)
    Tables.read(folder)
    edit(folder)
    assert tables(tmp_path) != before
    more = small(tmp_path, seeds=(0, 1))
    step = Loop.step
    monkeypatch.setattr(Loop, "step", lambda loop: pytest.fail("trained before the tables' check"))
    with pytest.raises(UserError, match=r"or delete the run's row from runs\.csv") as refused:
        run_batch(more, processes=False)
    with pytest.raises(UserError) as unread:
        Tables.read(folder)
    assert str(unread.value) == str(refused.value)
    assert str(folder / "runs.csv") in str(refused.value)
    monkeypatch.setattr(Loop, "step", step)
    runs = (folder / "runs.csv").read_text().splitlines()
    (named,) = [line for line in runs if line.split(",")[0] in str(refused.value)]
    (folder / "runs.csv").write_text("\n".join(line for line in runs if line != named) + "\n")
    run_batch(small(tmp_path), processes=False)
    assert [row["run_id"] for row in tables(tmp_path)[1]] == [row["run_id"] for row in before[1]]


def test_a_damaged_saved_run_is_found_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_flight = tmp_path / "runs" / TABLES
    in_flight.mkdir(parents=True)
    (in_flight / "abc.json").write_text("{")
    monkeypatch.setattr(Loop, "step", lambda loop: pytest.fail("trained"))
    with pytest.raises(UserError, match="delete it to train the run again"):
        run_batch(small(tmp_path), processes=False)
