"""adamrepro.load: every published table, with types, and errors that name what there is."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from pathlib import Path

import pandas as pd
import pytest

import adamrepro
import record
from adamrepro import paths
from adamrepro.errors import UserError
from adamrepro.results.load import TRUTHS, WHOLE
from adamrepro.results.schema import CURVE_COLUMNS, Tables
from adamrepro.runs.config import GROUPS, SECTIONS

PROJECT = Path(__file__).parents[2]
PUBLISHED = sorted((PROJECT / "results" / "published").glob("*/*/runs.csv"))
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_published_table(path: Path) -> None:
    budget, experiment = path.parts[-3:-1]
    found = adamrepro.load("published", budget, experiment)
    plain = Tables.read(path.parent)
    pd.testing.assert_frame_equal(found.curves, plain.curves)
    assert list(found.curves) == list(CURVE_COLUMNS)
    assert list(found.runs) == list(plain.runs)
    assert set(found.curves["run_id"]) <= set(found.runs["run_id"])
    for column, kind in found.runs.dtypes.items():
        if column in WHOLE:
            assert kind == "Int64", column
        elif column in TRUTHS:
            assert kind == "boolean", column
    assert found.runs["optimizer.alpha"].dtype == "float64"
    assert found.runs["date"].dtype.kind == "M"
    same = found.runs.drop(columns="date").astype(object).fillna("")
    assert same.equals(plain.runs.drop(columns="date").astype(object).fillna(""))
    assert found.summary.empty is not (path.parent / "summary.csv").exists()
    named = set(found.runs["machine"].dropna())
    assert set(found.machines["machine"]) == named


def test_there_are_published_tables() -> None:
    assert len(PUBLISHED) > 5


def of_type(kind: type) -> set[str]:
    """Names of all settings of runs that are declared so, or so or None."""
    found = set()
    classes = [(group, each) for group, known in GROUPS.items() for each in known.values()]
    for section, settings in [*classes, *SECTIONS.items()]:
        if section in ("data", "execution", "tracking"):
            continue  # in no table
        hints = typing.get_type_hints(settings)
        for each in dataclasses.fields(settings):
            hint = hints[each.name]
            union = isinstance(hint, types.UnionType)
            options = set(typing.get_args(hint)) if union else {hint}
            if options - {type(None)} == {kind}:
                found.add(f"{section}.{each.name}")
    return found


def test_types_are_those_that_the_settings_declare() -> None:
    assert set(WHOLE) == of_type(int) | {"seed", "diverged_epoch", "threads"}
    assert set(TRUTHS) == of_type(bool)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("publishd", "full", "fig1a"), r"place=publishd: no such results; did you mean published"),
        (("published", "ful", "fig1a"), r"budget=ful: .*did you mean full\? \(known: full,"),
        (("published", "full", "fig1"), r"experiment=fig1: .*\(known: .*fig1a, fig1b, "),
        (("published", "full", "theory"), r"experiment=theory: no tables"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(asked: tuple[str, str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        adamrepro.load(*asked)


def test_an_installed_copy_finds_a_clone_by_adamrepro_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CHECKOUT", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADAMREPRO_HOME", raising=False)
    with pytest.raises(UserError, match="not with the installed package") as error:
        adamrepro.load("published", "full", "fig1a")
    assert "ADAMREPRO_HOME" in str(error.value)
    with pytest.raises(UserError, match="adamrepro train"):
        adamrepro.load("local", "full", "fig1a")
    with pytest.raises(UserError, match="there are none at all"):
        adamrepro.load(tmp_path, "full", "fig1a")
    monkeypatch.setenv("ADAMREPRO_HOME", str(PROJECT))
    found = adamrepro.load("published", "full", "fig1a")
    again = adamrepro.load(PROJECT / "results" / "published", "full", "fig1a")
    assert len(found.runs)
    pd.testing.assert_frame_equal(found.runs, again.runs)


def test_what_the_page_says_works() -> None:
    page = (PROJECT / "docs" / "tables.md").read_text()
    (block,) = BLOCK.findall(page)
    names: dict[str, typing.Any] = {}
    exec(compile(block, "tables.md", "exec"), names)
    last = names["last"]
    assert last.shape[0] > 5
    assert last.loc[0.01, 0.9] == pytest.approx(0.248, abs=0.001)


def test_a_table_beside_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = record.put(tmp_path)
    assert adamrepro.load(tmp_path, "quick", "fig1a").summary.empty
    (folder / "summary.csv").touch()
    with pytest.raises(UserError, match=r"summary\.csv: not a readable table"):
        adamrepro.load(tmp_path, "quick", "fig1a")


def test_a_series_may_be_called_none(tmp_path: Path) -> None:
    names = ("None", "NA", "null", "nan", "Adam")
    runs = [{**row, "series": name} for row, name in zip(record.rows(), names, strict=True)]
    assert sorted(Tables.read(record.put(tmp_path, runs)).runs["series"]) == sorted(names)
