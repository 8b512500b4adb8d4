"""What commands print on: tables as wide as the terminal, or as they need where there is none."""

import sys

from rich.console import Console


def console(columns: int = 120) -> Console:
    """Return standard output; `columns` is its width where it is no terminal."""
    return Console(width=None if sys.stdout.isatty() else columns)


def tell(screen: Console, *lines: object) -> None:
    """Print lines as they are: not wrapped, so that a path can be copied, and not coloured."""
    for line in lines:
        screen.print(line, highlight=False, soft_wrap=True)
