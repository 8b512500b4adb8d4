"""Draw the picture in docs/architecture.md anew, from the import contracts and the docstrings."""

import ast
import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "architecture.md"
PICTURE = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)


def floors() -> list[list[str]]:
    """Return the rooms of each floor, from the top, as the import contracts have them."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.split(r" [|:] ", layer) for layer in layers]


def purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    path = PROJECT / "src" / Path(*room.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    return said.splitlines()[0].rstrip(".").replace('"', "'")


def picture() -> str:
    """Return the picture: a box for each room, an arrow to what a floor may import."""
    lines = ["```mermaid", "flowchart TB"]
    for number, rooms in enumerate(floors(), 1):
        lines.append(f'  subgraph floor{number}[" "]')
        for room in rooms:
            name = room.removeprefix("adamrepro.").removesuffix(".adamrepro")
            lines.append(f'    {name}["<b>{name}</b><br/>{purpose(room)}"]')
        lines.append("  end")
    below = range(1, len(floors()))
    lines += [f"  floor{number} --> floor{number + 1}" for number in below]
    return "\n".join([*lines, "```", ""])


if __name__ == "__main__":
    PAGE.write_text(PICTURE.sub(lambda _: picture(), PAGE.read_text()))
