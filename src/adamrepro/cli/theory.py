"""Run the small experiments on the algorithm itself: adamrepro theory [NAME ...].

Writes results/<budget>/theory/NAME.csv. What is there already is not run again, and a call that was
stopped goes on with the next seed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from adamrepro import paths
from adamrepro.cli.places import add_places
from adamrepro.command import explained
from adamrepro.data import load_dataset
from adamrepro.errors import UserError
from adamrepro.runs.machine import set_up_process
from adamrepro.theory import THEORY
from adamrepro.theory.record import record, table_path


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(THEORY)}; all")
    budgets = list(THEORY["regret"].size)
    parser.add_argument("--budget", default="quick", choices=budgets)
    add_places(parser)
    parser.add_argument("--data", type=Path, default=paths.data(), metavar="DIR")
    parser.add_argument(
        "--stand-in", action="store_true", help="accept a stand-in for data that is not there"
    )
    asked = parser.parse_args()
    set_up_process(threads=1)
    with explained():
        for name in asked.names or THEORY:
            if name not in THEORY:
                raise UserError(f"{name}: no such experiment; known: {', '.join(THEORY)}")
            run(name, asked)


def run(name: str, asked: argparse.Namespace) -> None:
    """Run one experiment, and say what was done."""
    theory, started = THEORY[name], time.monotonic()
    data = None
    if theory.dataset is not None:
        config = theory.dataset[asked.budget]
        data = load_dataset(config, root=asked.data, stand_in=asked.stand_in)
    path = table_path(asked.results, asked.budget, name, data)
    ran: list[int] = []
    record(theory, asked.budget, path, data, lambda seed, new: ran.extend([seed] * new))
    done = f"{len(ran)} seeds in {time.monotonic() - started:.0f} s" if ran else "done before"
    print(f"{name}: {done}: {path}")
