"""From a claim and the tables to a verdict, or to why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from adamrepro.claims.book import Book
from adamrepro.claims.claim import Check, Claim, Judged, Judgement, Kind, Needs
from adamrepro.claims.grid import missing, read_grid
from adamrepro.claims.selection import Chosen, selections
from adamrepro.errors import counted
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.kinds import Role
from adamrepro.results.panel import CurvePanel, GridPanel
from adamrepro.results.reference import panel_of
from adamrepro.results.schema import TRAINING_EXAMPLES, training_examples
from adamrepro.results.select import ONLY, every_point


def judge(claim: Claim, book: Book) -> Judgement:
    """Judge a claim on what the book has for it.

    Tables that it cannot be judged on are the reason why it is not.
    """
    by_kind = {Kind.CURVES: _curves, Kind.GRID: _grid, Kind.THEORY: _theory}
    try:
        return by_kind[claim.needs.kind](claim, book)
    except DAMAGE as error:
        return Judgement(claim=claim, reason=told(claim.needs.table, error))


def judged_on(claim: Claim, selection: str, checks: Sequence[Check]) -> Judged:
    return Judged(selection=selection, checks=checks, universal=claim.universal)


def _theory(claim: Claim, book: Book) -> Judgement:
    needs = claim.needs
    if needs.table not in book.theory:
        command = f"adamrepro theory {needs.table}"
        return Judgement(claim=claim, reason=f"no table {needs.table} ({command})")
    table = book.theory[needs.table]
    against = _theory_obstacle(needs, table)
    if against:
        return Judgement(claim=claim, reason=against)
    judged = judged_on(claim, needs.table, claim.checks(table))
    return Judgement(claim=claim, judged=[judged], notes=[*_sources(table), *claim.notes(table)])


def _theory_obstacle(needs: Needs, table: pd.DataFrame) -> str:
    if table.get("data_source", pd.Series(dtype=str)).eq("stand-in").any():
        return f"{needs.table} ran on stand-in data"
    least = dict(needs.sizes) | ({"examples": needs.examples} if needs.examples else {})
    for column, count in least.items():
        have = int(table[column].min())
        if have < count:
            words = column.removeprefix("size_")
            return f"{needs.table} has {have:,} {words}, {count:,} are needed"
    return _too_few(needs, table["seed"].nunique())


def _curves(claim: Claim, book: Book) -> Judgement:
    needs = claim.needs
    against = _run_obstacle(needs, book)
    if against:
        return Judgement(claim=claim, reason=against)
    first, *others = selections(book, needs.table, needs.series)
    against = _too_few(needs, len(first.seeds)) or _not_fresh(first)
    if against:
        return Judgement(claim=claim, reason=against)
    judged = [judged_on(claim, first.name, claim.checks(first))]
    notes = [*_sources(every_point(book.tables[needs.table].runs)), *_edges(first)]
    notes += [*_unsearched(needs, book), *_undrawn(needs)]
    for other in others:
        if not other.seeds or not _long_enough(needs, other):
            why = "shorter than the claim needs" if other.seeds else "no seed in common"
            notes.append(f"{other.name}: {why}, not recomputed")
            continue
        checks = claim.checks(other)
        if len(other.seeds) == 1:
            pairs = zip(checks, judged[0].checks, strict=True)
            checks = [replace(check, scatter=known.values) for check, known in pairs]
        judged.append(judged_on(claim, other.name, checks))
    return Judgement(claim=claim, judged=judged, notes=[*notes, *claim.notes(first)])


def _grid(claim: Claim, book: Book) -> Judgement:
    needs = claim.needs
    against = _run_obstacle(needs, book)
    if against:
        return Judgement(claim=claim, reason=against)
    tables, panel = book.tables[needs.table], panel_of(needs.table)
    reference = book.references[panel.name]
    lacking = missing(tables, reference)
    if lacking:
        return Judgement(claim=claim, reason=f"of the paper's grid there are no runs at {lacking}")
    plotted, *others = [
        read_grid(tables, reference, column)
        for column in dict.fromkeys([panel.cost, "train_nll", "train_cost"])
    ]
    against = _too_few(needs, len(plotted.seeds))
    if against:
        return Judgement(claim=claim, reason=f"{against} at every point and horizon")
    usable = [plotted, *(grid for grid in others if len(grid.seeds) >= needs.seeds)]
    judged = [judged_on(claim, grid.name, claim.checks(grid)) for grid in usable]
    notes = [*_sources(every_point(tables.runs)), *claim.notes(plotted)]
    return Judgement(claim=claim, judged=judged, notes=notes)


def _run_obstacle(needs: Needs, book: Book) -> str:
    """Why an experiment's runs cannot be judged, or ""."""
    name = needs.table
    if name not in book.tables:
        return f"no tables for {name}"
    tables = book.tables[name]
    runs = every_point(tables.runs)
    if (runs["data_source"] == "stand-in").any():
        return f"{name} ran on stand-in data"
    of_grid = set(runs.loc[runs["role"] == Role.GRID, "series"])
    lacking = [series for series in needs.series if series not in of_grid]
    if lacking:
        return f"{name} has no grid runs of {', '.join(lacking)}"
    runs = runs[runs["series"].isin(needs.series)]
    used = int(training_examples(runs).min())
    least = needs.examples or TRAINING_EXAMPLES[str(runs["dataset.name"].iloc[0])]
    if used < least:
        return f"{name} has {used:,} training examples, {least:,} are needed"
    for series in needs.series:
        ran, asked = _passes(tables.curves, runs, series), needed_passes(needs, series)
        if ran < asked:
            passes = counted(ran, "pass", "passes")
            return f"{name} ran {series} for {passes}, {asked} are needed"
    return ""


def needed_passes(needs: Needs, series: str) -> int:
    """The least horizon of a series: all that the paper shows, unless the claim says less."""
    if needs.passes is not None:
        return needs.passes
    panel = panel_of(needs.table)
    return panel.last_epoch if isinstance(panel, GridPanel) else panel.last_epoch_of(series)


def _passes(curves: pd.DataFrame, runs: pd.DataFrame, series: str) -> int:
    own = curves["run_id"].isin(runs.loc[runs["series"] == series, "run_id"])
    known = curves.loc[own & curves["train_cost"].notna(), "epoch"]
    return 0 if known.empty else int(known.max())


def _long_enough(needs: Needs, chosen: Chosen) -> bool:
    return all(
        _passes(chosen.curves, runs, series) >= needed_passes(needs, series)
        for series, runs in chosen.runs.items()
    )


def _too_few(needs: Needs, seeds: int) -> str:
    if seeds >= needs.seeds:
        return ""
    return f"{needs.table} has {counted(seeds, 'seed')}, {needs.seeds} are needed"


def _not_fresh(chosen: Chosen) -> str:
    """Series whose setting was chosen among several on the very seeds that it has."""
    grids = chosen.every.groupby("series")["setting_id"].nunique()
    stale = [
        series
        for series, runs in chosen.runs.items()
        if grids[series] > 1 and runs["role"].eq(Role.GRID).any()
    ]
    return f"no confirmation runs of {', '.join(stale)}: chosen on these seeds" if stale else ""


def _sources(table: pd.DataFrame) -> list[str]:
    """Data that is not the canonical files."""
    sources = set(table["data_source"].dropna()) - {"canonical", ""}
    return [
        f"data: {source}, not proved equal to the published files" for source in sorted(sources)
    ]


def _unsearched(needs: Needs, book: Book) -> list[str]:
    """Series of which no readings were searched: none is compared then."""
    if needs.table not in book.readings:
        return []
    searched = set(book.readings[needs.table].runs["series"])
    lacking = [series for series in needs.series if series not in searched]
    return [f"readings not compared: none of {', '.join(lacking)} was searched"] if lacking else []


def _undrawn(needs: Needs) -> list[str]:
    """Series without a curve in the paper, so that none of theirs is the nearest to it."""
    panel = panel_of(needs.table)
    extra = panel.extra if isinstance(panel, CurvePanel) else ()
    names = ", ".join(series for series in needs.series if series in extra)
    return [f"{names}: not drawn by the paper, tuned among the recovered as well"] if names else []


def _edges(chosen: Chosen) -> list[str]:
    """Series whose chosen setting is at an end of its grid: a wider one may hold a better."""
    notes = []
    for series, names in chosen.at_edge.items():
        ends = ", ".join(name.rpartition(".")[2] for name in names)
        at_end = f"{series}: chosen at the end of its grid ({ends})"
        notes.append(f"{series}: its grid has one setting" if ONLY in names else at_end)
    return notes
