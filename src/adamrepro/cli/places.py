"""The options of a command that say which tables and figures are meant."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adamrepro import paths


class Published(argparse.Action):
    """Means the published tables and figures instead of one's own."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.results = paths.published("results")
        namespace.figures = paths.published("figures")


def add_places(parser: argparse.ArgumentParser, *, figures: bool = False) -> None:
    """Add --results, --published and, where asked for, --figures."""
    own = paths.local("results")
    parser.add_argument(
        "--results", type=Path, default=own, metavar="DIR", help="default: results/local"
    )
    if figures:
        own = paths.local("figures")
        parser.add_argument(
            "--figures", type=Path, default=own, metavar="DIR", help="default: figures/local"
        )
    what = "results/published" + (" and figures/published" if figures else "")
    parser.add_argument("--published", action=Published, nargs=0, help=f"the same as {what}")
