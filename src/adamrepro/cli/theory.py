"""Run the small experiments on the algorithm itself: adamrepro theory [NAME ...].

Writes results/<budget>/theory/NAME.csv. What is there already is not run again, and a call that was
stopped goes on with the next seed. Experiments run side by side, one per core.
"""

from __future__ import annotations

import argparse
import signal
import time

from joblib import Parallel, delayed

from adamrepro import paths
from adamrepro.cli.places import CommandLine, directory
from adamrepro.data import load_dataset
from adamrepro.errors import UserError, counted, nearest
from adamrepro.experiments.sweeps import SIZES
from adamrepro.runs.machine import cores, set_up_process
from adamrepro.theory import THEORY
from adamrepro.theory.record import record, table_path


def main() -> None:
    """Run what the command line asks for."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(THEORY)}; all")
    parser.add_budget("quick", "smoke", "full")
    parser.add_places(published=False)
    parser.add_from("seeds")
    parser.add_argument("--data", type=directory, default=paths.data(), metavar="DIR")
    parser.add_argument(
        "--stand-in", action="store_true", help="accept a stand-in for data that is not there"
    )
    asked = parser.parse_args()
    parser.check_budget(asked.budget, SIZES)
    parser.check_own(asked.results)
    asked.take_over = parser.folder_of(asked.take_over)
    # as Ctrl-C, so that it takes the processes along
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = asked.names or list(THEORY)
    for name in names:
        if name not in THEORY:
            raise UserError(f"{name}: no such experiment; {nearest(name, THEORY)}")
    # those that train networks take longest
    names = sorted(names, key=lambda name: THEORY[name].dataset is None)
    side_by_side = Parallel(min(cores(), len(names)), return_as="generator_unordered")
    for done in side_by_side(delayed(run)(name, asked) for name in names):
        print(done, flush=True)


def run(name: str, asked: argparse.Namespace) -> str:
    """Run one experiment, and say what was done."""
    set_up_process(threads=1)
    theory, started = THEORY[name], time.monotonic()
    data = None
    if theory.dataset is not None:
        config = theory.dataset[asked.budget]
        data = load_dataset(config, root=asked.data, stand_in=asked.stand_in)
    path, also = (
        root and table_path(root, asked.budget, name, data)
        for root in (asked.results, asked.take_over)
    )
    ran = record(theory, asked.budget, path, data, also)
    done = f"{counted(ran, 'seed')} in {time.monotonic() - started:.0f} s" if ran else "done before"
    return f"{name}: {done}: {path}"
