"""What commands print on: tables as wide as the terminal, or as they need where there is none."""

import sys

from rich.console import Console


def console(columns: int = 120) -> Console:
    """Return standard output, which shows text as it is; `columns`: its width if no terminal."""
    width = None if sys.stdout.isatty() else columns
    return Console(width=width, markup=False, highlight=False)


def tell(screen: Console, *lines: object) -> None:
    """Print lines that are not wrapped, so that a path can be copied."""
    for line in lines:
        screen.print(line, soft_wrap=True)
