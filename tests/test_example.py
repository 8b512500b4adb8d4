"""docs/example.ipynb runs from top to bottom, and is committed without its output."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOK = DOCS / "example.ipynb"
LINK = re.compile(r"\]\(([^)#]+)\)")


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_committed_without_output_and_links_to_pages_that_are_there() -> None:
    nbformat.validate(read())
    for cell in read().cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        for page in LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            assert (DOCS / page).is_file(), page


@pytest.mark.slow
def test_it_runs_and_shows_tables_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = read()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        kind
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for kind in output.get("data", {})
    ]
    assert shown.count("text/html") == 3
    assert shown.count("image/png") == 2
    streams = [
        o for cell in notebook.cells for o in cell.get("outputs", ()) if o.get("name") == "stderr"
    ]
    assert not streams, streams
