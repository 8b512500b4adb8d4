"""docs/rules.md lists every rule of the suite, with its settings and where it is compared."""

import dataclasses
import re
from pathlib import Path

import pytest

from adamrepro.optim import LATER_RULES, PAPER_RULES

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
LISTED = {**PAPER_RULES, **LATER_RULES}
COMMON = ("name", "alpha", "averaging")


def rows() -> dict[str, list[str]]:
    """The cells behind each optimizer's name."""
    lines = (PROJECT / "docs" / "rules.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    named = ((re.match(r"\[`(\w+)`\]\((.*)\)$", row[0]), row) for row in cells if len(row) == 5)
    return {found[1]: row for found, row in named if found}


def test_every_rule_has_a_row_in_its_order() -> None:
    assert list(rows()) == list(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_a_row_is_right(name: str) -> None:
    file, publication, _, settings, compared = rows()[name]
    assert (PROJECT / "docs" / file[file.index("(") + 1 : -1]).is_file()
    assert re.search(r"\b(20\d\d|the same)\b", publication)
    keys = [f.name for f in dataclasses.fields(LISTED[name]) if f.name not in COMMON]
    assert re.findall(r"`(\w+)`", settings) == keys
    tests = re.findall(r"test_\w+", compared)
    assert tests
    for test in tests:
        assert re.search(rf"\b{LISTED[name].__name__}\(", (HERE / f"{test}.py").read_text()), test
