"""Reproduce the paper at one budget: data, training, figures, claims (what `make reproduce` runs).

An experiment that fails does not stop the others: the summary names it and the exit status is 1.
What is done already is not done again. Data is looked for in $ADAMREPRO_DATA or data/, else
downloaded, else stood in for; the results of stand-ins have folders of their own.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich import box
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
CONFIGS = PROJECT / "configs"
USER, FAILED, INTERRUPTED = 2, 1, 130


class Terminated(KeyboardInterrupt):
    """This process, and not the script that it runs, was told to stop."""


def terminated(signum: int, frame: FrameType | None) -> None:
    raise Terminated


@dataclass(frozen=True)
class Step:
    """A script that was run, how it ended and how long it took."""

    name: str
    status: int
    seconds: float


@dataclass
class Reproduction:
    """One call: where it writes, and what it has done so far."""

    budget: str
    results: Path
    figures: Path
    data: Path
    steps: list[Step]

    def run(self, name: str, script: str, *arguments: str) -> None:
        """Run one of the scripts beside this one; its failure is noted, not raised."""
        started = time.monotonic()
        command = [sys.executable, str(PROJECT / "scripts" / script), *arguments]
        environment = {**os.environ, "ADAMREPRO_DATA": str(self.data)}
        with subprocess.Popen(command, env=environment) as process:
            try:
                status = process.wait()
            except Terminated:
                process.terminate()
                raise
            # Ctrl-C reaches the script too, and leaving this block waits until it saved its state.
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        self.steps.append(Step(name, status, time.monotonic() - started))

    def tables(self) -> Iterator[str]:
        """The budgets that have tables, once with data and once with stand-ins."""
        for name in (self.budget, f"{self.budget}-stand-in"):
            if any((self.results / name).glob("*/runs.csv")):
                yield name

    def made(self) -> Iterator[Path]:
        """The files that hold the outcome."""
        for name in self.tables():
            yield from sorted((self.results / name).glob("**/*.csv"))
            yield from sorted(path for path in (self.figures / name).glob("*") if path.is_file())


def main() -> int:
    """Run every step and say what came of it; the exit status says whether all went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    budgets = sorted({path.stem for path in (CONFIGS / "budget").glob("*.yaml")} - {"search"})
    parser.add_argument("--budget", default="quick", choices=budgets)
    parser.add_argument("--results", type=Path, default=PROJECT / "results", metavar="DIR")
    parser.add_argument("--figures", type=Path, default=PROJECT / "figures", metavar="DIR")
    asked = parser.parse_args()
    given = os.environ.get("ADAMREPRO_DATA")
    if given and not Path(given).expanduser().is_dir():
        print(f"DATA={given}: no such folder; name one that holds the data sets", file=sys.stderr)
        return USER
    results = asked.results.absolute()
    # smoke tries the code, not the data: without DATA it looks where none is, for stand-ins
    nowhere = "results/runs/smoke-stand-in/no-data" if asked.budget == "smoke" else "data"
    data = Path(given).expanduser().absolute() if given else PROJECT / nowhere
    work = Reproduction(asked.budget, results, asked.figures.absolute(), data, [])
    signal.signal(signal.SIGTERM, terminated)
    try:
        reproduce(work)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this one left off", file=sys.stderr)
        return INTERRUPTED
    show(work)
    return FAILED if any(step.status for step in work.steps) else 0


def reproduce(work: Reproduction) -> None:
    """Data, then every experiment, then figures and claims from whatever tables there are."""
    if work.budget != "smoke":
        work.run("data", "fetch_data.py", "--root", str(work.data), "--stand-in")
    for name in sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml")):
        settings = [f"experiment={name}", f"budget={work.budget}", f"results={work.results}"]
        work.run(name, "train.py", "-m", *settings, "data.download=false", "data.stand_in=true")
    for name in work.tables():
        folders = ["--budget", name, "--results", str(work.results)]
        work.run(f"figures {name}", "plot.py", "all", *folders, "--figures", str(work.figures))
        work.run(f"claims {name}", "claims.py", *folders)


def show(work: Reproduction) -> None:
    """Print the paths of what was made, and how each step ended."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    for path in work.made():
        console.print(path, highlight=False, soft_wrap=True)
    table = Table("step", "outcome", "seconds", box=box.SIMPLE_HEAD)
    for step in work.steps:
        table.add_row(step.name, outcome(step.status), f"{step.seconds:.0f}")
    console.print(table)


def outcome(status: int) -> str:
    """Say in words how a script ended; a status below 0 is the signal that ended it."""
    if status == 0:
        return "done"
    return f"FAILED, exit status {status}" if status > 0 else f"FAILED, signal {-status}"


if __name__ == "__main__":
    sys.exit(main())
