"""docs/drop-in.md runs as it is written, and names what there is."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from twins import CLASSES

PAGE = Path(__file__).parents[2] / "docs" / "drop-in.md"


def test_the_code_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    error, cost = capsys.readouterr().out.splitlines()
    assert f"# {error}\n" in PAGE.read_text()
    assert float(cost) > 0
    assert names["average"].t == 10
    assert {state["step"].item() for state in names["theirs"].state.values()} == {1.0}


@pytest.mark.parametrize("name", CLASSES)
def test_the_table_has_every_argument_and_default(name: str) -> None:
    cls = CLASSES[name]
    (row,) = re.findall(rf"^\| `{cls.__name__}` .*$", PAGE.read_text(), flags=re.MULTILINE)
    _, _, symbols, defaults, _, _ = row.split("|")
    for argument, parameter in inspect.signature(cls).parameters.items():
        if argument in ("params", "weight_decay", "maximize", "compiled"):
            continue
        assert f"`{argument}`" in symbols, argument
        default = parameter.default
        spelled = {True: "on", "algorithm1": "algorithm1", "rearranged": "rearranged"}
        if isinstance(default, (bool, str)):
            assert spelled[default] in defaults, argument
        elif isinstance(default, float):
            values = {float(number) for number in re.findall(r"[\d.]+(?:e-\d+)?", defaults)}
            assert default in values, argument
