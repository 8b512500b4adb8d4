"""Where tables lie: results/TABLE/EXPERIMENT, where TABLE is a budget or BUDGET-stand-in."""

from pathlib import Path

SEARCH = "search"
"""The budget whose tables hold the other readings of what the paper leaves open."""

_STAND_IN = "-stand-in"


def table_of(budget: str, *, stand_in: bool) -> str:
    """Name the tables of runs on a budget, with data or with a stand-in for it."""
    return f"{budget}{_STAND_IN}" if stand_in else budget


def both_tables(budget: str) -> tuple[str, str]:
    """Name a budget's tables: of the data, and of stand-ins."""
    return budget, f"{budget}{_STAND_IN}"


def is_stand_in(table: str) -> bool:
    return table.endswith(_STAND_IN)


def budget_of(table: str) -> str:
    return table.removesuffix(_STAND_IN)


def no_data(results: Path) -> Path:
    """Return a folder in which nothing is: for a trial of the code, on stand-ins for the data."""
    return results / "runs" / table_of("smoke", stand_in=True) / "no-data"


def tables_in(results: Path) -> list[str]:
    """Return the names of the tables that hold any experiment, in order."""
    return sorted({path.parts[-3] for path in results.glob("*/*/runs.csv")})


def experiments_in(folder: Path) -> list[str]:
    """Return the experiments that have tables in results/TABLE, in order."""
    return sorted(path.parent.name for path in folder.glob("*/runs.csv"))
