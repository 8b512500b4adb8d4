"""Results folders of made-up tables for the report."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adamrepro.report import Sources, page
from adamrepro.results.schema import Tables
from synthetic import figure_4_tables, tables_like

NASTY = '</script><img src=x onerror="window.hacked = true"><b>'
"""A name that would be markup, and more, on a page that does not escape it."""


def put(tables: Tables, folder: Path) -> None:
    """Write both tables."""
    folder.mkdir(parents=True)
    tables.runs.to_csv(folder / "runs.csv", index=False)
    tables.curves.to_csv(folder / "curves.csv", index=False)


def named(tables: Tables, old: str, new: str) -> Tables:
    """The same tables with another name for a series."""
    runs = tables.runs.assign(series=tables.runs["series"].replace(old, new))
    return Tables(runs, tables.curves)


def searched(tables: Tables) -> Tables:
    """Two readings of the grid's runs."""
    grid = tables.runs[tables.runs["role"] == "grid"]
    readings = ["batch: 100", "batch: 128"]
    return Tables(
        grid.assign(reading=[readings[place % 2] for place in range(len(grid))]), tables.curves
    )


def results(root: Path) -> Path:
    """Local tables of two figures, a search over readings, and nothing published."""
    put(tables_like("fig1a"), root / "quick" / "fig1a")
    put(figure_4_tables(last=10, seeds=(0, 1)), root / "quick" / "fig4")
    put(searched(tables_like("fig1a", confirm=())), root / "search" / "fig1a")
    return root


def report(root: Path, record: Path | None = None, budget: str = "quick") -> str:
    """The page of a budget's tables."""
    return page(Sources.read(root, budget, record), None)


def words(text: str) -> str:
    """The page without its scripts, styles and tags: what is read."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def trace(spec: Mapping[str, Any], kind: str, series: str) -> Mapping[str, Any]:
    """A curve of a plot."""
    meta = {"kind": kind, "series": series}
    [found] = [each for each in spec["data"] if each["meta"] == meta]
    return found
