"""docs/architecture.md: the picture is that of the contracts, and its stops are where it says.

`test_adding.py` does what the page says of adding things.
"""

import ast
import importlib.util
import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "architecture.md").read_text()
STOP = re.compile(r"^\| \d+ \| `([^`]+)`: (.+?) \| ", re.MULTILINE)


def test_the_picture_is_that_of_the_import_contracts() -> None:
    path = PROJECT / "scripts" / "architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PICTURE.findall(PAGE) == [script.picture()]
    assert len(script.floors()) <= 8


def test_every_stop_of_a_step_size_is_where_the_page_says() -> None:
    stops = STOP.findall(PAGE)
    assert 8 <= len(stops) <= 12
    for path, names in stops:
        content = (PROJECT / path).read_text()
        for name in re.findall(r"`(\w+)`", names):
            if path.endswith(".py"):
                module = ast.parse(content).body
                methods = [n for c in module if isinstance(c, ast.ClassDef) for n in c.body]
                functions = [n for n in (*module, *methods) if isinstance(n, ast.FunctionDef)]
                defined = {function.name for function in functions}
                assert name in defined, (path, name)
            else:
                assert f"{name}:" in content, (path, name)
