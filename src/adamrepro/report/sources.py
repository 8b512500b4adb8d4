"""The tables that the page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adamrepro import paths
from adamrepro.claims import Book
from adamrepro.claims.book import theory_tables
from adamrepro.errors import UserError
from adamrepro.results.layout import SEARCH, experiments_in
from adamrepro.results.reference import EXPERIMENTS, read_references
from adamrepro.results.schema import Tables


@dataclass(frozen=True)
class Sources:
    """Tables of one budget, and those of the search over open settings.

    results: the folder of all budgets. record: the published one to compare with, None where
    `results` is that. tables: by experiment, those beyond the paper's figures too. searched: where
    the search's tables, by experiment, come from. faults: by folder, why its tables cannot be read.
    """

    results: Path
    record: Path | None
    budget: str
    tables: Mapping[str, Tables]
    searched: Mapping[str, Path]
    faults: Mapping[str, str]
    book: Book

    @classmethod
    def read(cls, results: Path, budget: str, record: Path | None = None) -> Sources:
        """Read what there is; what is damaged is named in `faults`. Nothing at all: UserError."""
        folder = results / budget
        if not any(folder.glob("*/*.csv")):
            raise UserError(
                f"{folder}: no tables; train first, or give --results, --budget or --published"
            )
        faults: dict[str, str] = {}
        tables = _read([folder / name for name in experiments_in(folder)], faults)
        searched = _searches(results, record)
        readings = {}
        if budget == SEARCH:
            readings = {name: tables[name] for name in searched if name in tables}
        else:
            readings = _read(list(searched.values()), faults)
        try:
            theory = theory_tables(results, budget)
        except UserError as error:
            theory = {}
            faults[str(folder / "theory")] = str(error)
        known = {name: tables[name] for name in EXPERIMENTS if name in tables}
        book = Book(known, read_references(), theory, readings)
        return cls(results, record, budget, tables, searched, faults, book)

    @property
    def folder(self) -> Path:
        """Where the tables lie."""
        return self.results / self.budget

    def named(self, folder: Path) -> str:
        """A folder as the page names it: from the home of the results on, where it lies there."""
        try:
            return str(folder.absolute().relative_to(paths.home()))
        except ValueError:
            return str(folder)

    @property
    def is_published(self) -> bool:
        """Whether these are the published tables themselves."""
        return self.record is None

    def why_missing(self, name: str) -> str:
        """Say why there are no tables of an experiment."""
        folder = self.folder / name
        return self.faults.get(str(folder)) or f"{name}: no tables in {self.named(folder)}"


def _searches(results: Path, record: Path | None) -> dict[str, Path]:
    """The folder of each experiment's search: one's own, else the published one."""
    found = {}
    roots = [root for root in (results, record) if root]
    for name in EXPERIMENTS:
        folders = [root / SEARCH / name for root in roots]
        if own := [folder for folder in folders if Tables.exist(folder)]:
            found[name] = own[0]
    return found


def _read(folders: list[Path], faults: dict[str, str]) -> dict[str, Tables]:
    found = {}
    for folder in folders:
        try:
            tables = Tables.read(folder)
        except UserError as error:
            faults[str(folder)] = str(error)
        else:
            found[folder.name] = tables
    return found
