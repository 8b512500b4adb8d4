"""The page: what the tables say, put into its template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from adamrepro.figures import FIGURES, style
from adamrepro.figures.book import CurveFigure
from adamrepro.report import curves, evidence, figure_4
from adamrepro.report.beside import comparison
from adamrepro.report.beyond import topics
from adamrepro.report.grids import SeriesGrid, grids
from adamrepro.report.plot import INK, Plot, Section
from adamrepro.report.provenance import Origin, origin
from adamrepro.report.readings import readings
from adamrepro.report.runs import FILTERS, runs
from adamrepro.report.sources import Sources
from adamrepro.results.commits import head
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.layout import SEARCH

BETAS = {
    r"$\beta_1": "\N{GREEK SMALL LETTER BETA}\N{SUBSCRIPT ONE}",
    r"$\beta_2": "\N{GREEK SMALL LETTER BETA}\N{SUBSCRIPT TWO}",
    "$": "",
}
"""What captions write for matplotlib, and how the page writes it."""


def page(sources: Sources, checkout: Path | None) -> str:
    """The whole page, HTML. checkout: against which it is told whether tables are stale."""
    with style.styled(style.Style.COLOUR_BLIND):
        sections = [section(name, sources) for name in FIGURES]
        behind = dict(grids_of(sources))
    found = evidence.cards(sources.book)
    every = runs(sources)
    data = {
        "plots": {plot.id: plot.spec() for plot in plots(sections, behind)},
        "runs": {"columns": every.columns, "filters": FILTERS, "rows": every.rows},
    }
    return (
        environment()
        .get_template("page.html")
        .render(
            sources=sources,
            head=head(checkout),
            cards=found,
            counted=evidence.counted(found),
            sections=sections,
            grids=behind,
            readings=list(readings(sources)),
            topics=list(topics(sources)),
            comparison=comparison(sources),
            runs=every,
            origins=list(origins(sources, checkout)),
            data=embedded(data),
            plotly=Markup(get_plotlyjs()),
        )
    )


def environment() -> jinja2.Environment:
    """Where templates are found; what comes from tables is escaped."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("adamrepro.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["symbols"] = symbols
    found.filters["ground"] = lambda colour: "var(--ink)" if colour == INK else colour
    return found


def embedded(data: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def symbols(text: str) -> str:
    """A caption with letters where it has matplotlib's formulas."""
    for formula, letters in BETAS.items():
        text = text.replace(formula, letters)
    return text


def section(name: str, sources: Sources) -> Section:
    """A figure, or why there is none."""
    if sources.budget == SEARCH:
        return Section(name, title_of(name), missing="a search has readings, and no figures")
    if name not in sources.book.tables:
        return Section(name, title_of(name), missing=sources.why_missing(name))
    figure, tables = FIGURES[name], sources.book.tables[name]
    references, budget = sources.book.references, sources.budget
    try:
        if isinstance(figure, CurveFigure):
            return curves.section(name, figure, tables, references, budget)
        return figure_4.section(name, figure, tables, references, budget)
    except DAMAGE as error:
        return Section(name, title_of(name), missing=told(sources.folder / name, error))


def grids_of(sources: Sources) -> Iterator[tuple[str, list[SeriesGrid] | str]]:
    """The grids behind each figure of curves, or why there are none."""
    for name, figure in FIGURES.items():
        if sources.budget == SEARCH or name not in sources.book.tables:
            continue
        if isinstance(figure, CurveFigure):
            tables = sources.book.tables[name]
            try:
                yield name, list(grids(name, figure, tables, sources.book.references))
            except DAMAGE as error:
                yield name, told(sources.folder / name, error)


def origins(sources: Sources, checkout: Path | None) -> Iterator[Origin]:
    """The provenance of every experiment that has tables."""
    for name in sources.tables:
        yield origin(name, sources, checkout)


def plots(sections: list[Section], behind: Mapping[str, list[SeriesGrid] | str]) -> Iterator[Plot]:
    """Every plot of the page."""
    for each in sections:
        for groups in each.groups.values():
            for group in groups:
                yield from group.plots
    for found in behind.values():
        if not isinstance(found, str):
            yield from (grid.plot for grid in found if grid.plot)


def title_of(name: str) -> str:
    """Figure 1a for fig1a."""
    return f"Figure {name.removeprefix('fig')}"
