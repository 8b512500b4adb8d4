"""What command lines share: a mistake is a line, a budget is one, and which tables are meant."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from adamrepro import paths
from adamrepro.errors import nearest
from adamrepro.results.layout import tables_in


class CommandLine(argparse.ArgumentParser):
    """The command line of a command: a mistake in it is answered in a line, exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.mistake(f"{message}; see {self.prog} --help")

    def mistake(self, message: str) -> NoReturn:
        self.exit(2, f"{message}\n")

    def add_budget(self, default: str | None, *others: str) -> None:
        """Add --budget; `others` are named in its help beside the default, None for required."""
        named = [f"{default} (default)"] if default else []
        known = ", ".join([*named, *others])
        self.add_argument("--budget", default=default, required=default is None, help=known)

    def add_places(self, *, figures: bool = False, published: bool = True) -> None:
        """Add --results and, where asked for, --figures; and --published, for what trains not."""
        either = self.add_mutually_exclusive_group()  # another folder's tables are not published
        places = {"results": either} | ({"figures": self} if figures else {})
        for kind, to in places.items():
            usual, known = paths.local(kind), f"default: {kind}/local"
            to.add_argument(f"--{kind}", type=directory, default=usual, metavar="DIR", help=known)
        if published:
            what = "results/published" + (" and figures/published" if figures else "")
            either.add_argument(
                "--published", action=Published, nargs=0, help=f"the same as {what}"
            )

    def add_from(self, what: str) -> None:
        """Add --from, of which `folder_of` makes a folder."""
        known = f"a results folder whose finished {what} are taken over; published: that one"
        self.add_argument("--from", dest="take_over", metavar="DIR", help=known)

    def add_docs(self, page: str) -> None:
        """Add --docs, for what is made of the published tables at full alone."""
        known = f"with --published --budget full: write {page} as well"
        self.add_argument("--docs", action="store_true", help=known)

    def of_a_budget(self, *, may_be_new: bool = False) -> argparse.Namespace:
        """Parse it; --budget must name a budget, or other tables that are there.

        may_be_new: the results folder need not be there yet.
        """
        asked = self.parse_args()
        for word in sys.argv[1:]:
            if word.startswith("budget="):  # as `adamrepro train` has it
                self.mistake(f"{word}: expected --{word.replace('=', ' ')}")
        is_named = asked.results != paths.local("results")
        if is_named and not may_be_new and not asked.results.is_dir():
            self.mistake(f"--results {asked.results}: no such folder; expected one with tables")
        there = tables_in(asked.results)
        if asked.budget not in there:
            # imported late: what reads tables alone needs no OmegaConf
            from adamrepro.experiments.budgets import known_budgets

            self.check_budget(asked.budget, {*known_budgets(), *there})
        if getattr(asked, "docs", False) and not (
            paths.is_published(asked.results) and asked.budget == "full"
        ):
            self.mistake("--docs: pages tell of what is published; add --published --budget full")
        return asked

    def check_own(self, results: Path) -> None:
        """Refuse to train into what is published."""
        if paths.is_published(results):
            self.mistake(f"--results {results}: published; expected a folder of your own")

    def folder_of(self, named: str | None) -> Path | None:
        """Return the results folder that --from names; `published` is one."""
        if named is None:
            return None
        folder = paths.published("results") if named == "published" else Path(named).absolute()
        if not (tables_in(folder) or any(folder.glob("*/theory/*.csv"))):
            self.mistake(f"--from {named}: no tables in there; expected a results folder")
        return folder

    def check_budget(self, budget: str, known: Iterable[str]) -> None:
        if budget not in known:
            self.mistake(f"--budget {budget}: no such budget; {nearest(budget, known)}")


def directory(text: str) -> Path:
    """A folder that an option names: it need not be there, but may not be a file."""
    if Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text}: a file; expected a folder")
    return Path(text)


class Published(argparse.Action):
    """Means the published tables, and their figures unless others are named, before or after."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.results = paths.published("results")
        if getattr(namespace, "figures", None) == paths.local("figures"):
            namespace.figures = paths.published("figures")
