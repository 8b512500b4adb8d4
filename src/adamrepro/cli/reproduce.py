"""Reproduce the paper at one budget, and compare with the published record.

Data, training, theory, figures, claims, report, comparison: what `make reproduce` runs; for named
experiments, their data and no theory. All experiments are one batch, so that no core waits for the
last run of one of them. What fails does not stop the rest: it is named, and the exit status is 1.
What is done already is not done again. Data is looked for in $ADAMREPRO_DATA or data/, else
downloaded, else stood in for; the results of stand-ins have folders of their own, and are not
compared.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.cli.console import console, tell
from adamrepro.cli.places import CommandLine
from adamrepro.errors import FAILED, INTERRUPTED, nearest
from adamrepro.experiments.budgets import known_budgets
from adamrepro.experiments.names import datasets_of
from adamrepro.experiments.overrides import setting
from adamrepro.results.layout import SEARCH, both_tables, experiments_in, no_data
from adamrepro.results.reference import EXPERIMENTS

COMMAND = (sys.executable, "-m", "adamrepro")


class Terminated(KeyboardInterrupt):
    """This process, and not the command that it runs, was told to stop."""


def terminated(signum: int, frame: FrameType | None) -> None:
    raise Terminated


@dataclass(frozen=True)
class Stage:
    """A command that was run, how it ended and how long it took."""

    name: str
    status: int
    seconds: float


@dataclass
class Reproduction:
    """One call: where it writes, and what it has done so far.

    whole: no experiments were named, so that theory is tried, too.
    """

    experiments: Sequence[str]
    whole: bool
    budget: str
    results: Path
    figures: Path
    data: Path
    take_over: Path | None
    steps: list[Stage] = field(default_factory=list)

    def run(self, name: str, *arguments: str) -> None:
        """Run another command of `adamrepro`; its failure is noted, not raised."""
        started = time.monotonic()
        environment = {**os.environ, "ADAMREPRO_DATA": str(self.data)}
        with subprocess.Popen([*COMMAND, *arguments], env=environment) as process:
            try:
                status = process.wait()
            except Terminated:
                process.terminate()
                raise
            # Ctrl-C reaches the command too, and leaving this block waits until it saved its state.
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        self.steps.append(Stage(name, status, time.monotonic() - started))

    def tables(self) -> Iterator[str]:
        """The budgets that have tables, once with data and once with stand-ins."""
        for name in both_tables(self.budget):
            if experiments_in(self.results / name):
                yield name

    def made(self) -> Iterator[Path]:
        """Where the outcome lies: tables, figures, and the page that shows it all."""
        for name in self.tables():
            yield self.results / name
            if (self.figures / name).is_dir():
                yield self.figures / name
            yield from (self.figures / name).glob("report/index.html")


def main() -> int:
    """Run every step and say what came of it; the exit status says whether all went well."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("experiment", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all if none")
    parser.add_budget("quick", "smoke", "full")
    parser.add_from("runs")
    parser.add_places(figures=True, published=False)
    asked = parser.parse_args()
    # search has no figures
    parser.check_budget(asked.budget, [name for name in known_budgets() if name != SEARCH])
    for name in asked.experiment:
        if name not in EXPERIMENTS:
            parser.mistake(f"{name}: no such experiment; {nearest(name, EXPERIMENTS)}")
    take_over = parser.folder_of(asked.take_over)
    parser.check_own(asked.results)
    given = os.environ.get("ADAMREPRO_DATA")
    if given and not Path(given).expanduser().is_dir():
        parser.mistake(f"DATA={given}: no such folder; name one that holds the data sets")
    results = asked.results.absolute()
    # smoke tries the code, not the data: without DATA it looks where none is, for stand-ins
    data = no_data(results) if asked.budget == "smoke" and not given else paths.data()
    work = Reproduction(
        experiments=asked.experiment or list(EXPERIMENTS),
        whole=not asked.experiment,
        budget=asked.budget,
        results=results,
        figures=asked.figures.absolute(),
        data=data,
        take_over=take_over,
    )
    signal.signal(signal.SIGTERM, terminated)
    try:
        reproduce(work)
        show(work)
        folders = ["--budget", work.budget, "--results", str(work.results)]
        work.run("comparison", "compare", *folders)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this one left off", file=sys.stderr)
        return INTERRUPTED
    return FAILED if any(step.status for step in work.steps) else 0


def reproduce(work: Reproduction) -> None:
    """Data, experiments, theory; then figures, claims and report of whatever there is."""
    if work.budget != "smoke":
        needed = [] if work.whole else datasets_of(work.experiments)
        work.run("data", "fetch-data", *needed, "--data", str(work.data), "--stand-in")
    names = ",".join(work.experiments)
    settings = [f"experiment={names}", f"budget={work.budget}", setting("results", work.results)]
    if work.take_over:
        settings.append(setting("take_over", work.take_over))
    work.run("training", "train", "-m", *settings, "data.download=false", "data.stand_in=true")
    if work.whole:
        where = ["--budget", work.budget, "--results", str(work.results)]
        work.run("theory", "theory", *where, "--stand-in")
    for name in work.tables():
        folders = ["--budget", name, "--results", str(work.results)]
        pictures = ["--figures", str(work.figures)]
        work.run(f"figures {name}", "plot", *folders, *pictures)
        work.run(f"claims {name}", "claims", *folders)
        work.run(f"report {name}", "report", *folders, *pictures)


def show(work: Reproduction) -> None:
    """Print where what was made lies, and how each step ended."""
    screen = console()
    tell(screen, *work.made())
    table = Table("step", "outcome", "seconds", box=box.SIMPLE_HEAD)
    for step in work.steps:
        table.add_row(step.name, outcome(step.status), f"{step.seconds:.0f}")
    screen.print(table)


def outcome(status: int) -> str:
    """Say in words how a command ended; a status below 0 is the signal that ended it."""
    if status == 0:
        return "done"
    return f"FAILED, exit status {status}" if status > 0 else f"FAILED, signal {-status}"
