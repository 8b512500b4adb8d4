"""How fast this suite is, next to plain PyTorch on the same threads in the same process.

Contenders take turns; what is printed is the median over their turns, and a ratio is the median of
the ratios within a turn. What is done once (reading data, compiling) is not timed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro.benchmark import (
    Row,
    compare_grids,
    compare_memory,
    compare_sfo,
    compare_updates,
    train_population,
)

DATA = Path(os.environ.get("ADAMREPRO_DATA") or Path(__file__).resolve().parents[1] / "data")
POPULATION = "--population"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> None:
    """Compare, and print a table or one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter turns")
    parser.add_argument("--repeats", type=int, help="turns that count (default 9; quick: 3)")
    parser.add_argument("--threads", type=int, default=1, help="default 1, as in a worker process")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: on a busy machine")
    parser.add_argument(POPULATION, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    repeats = (3 if asked.quick else 9) if asked.repeats is None else asked.repeats
    if repeats < 1 or asked.threads < 1:
        parser.error("--repeats and --threads: expected whole numbers above 0")
    set_up_torch(asked.threads)
    if asked.population:
        print(train_population(DATA))
        return
    clock = CLOCKS[asked.clock]
    again = [sys.executable, __file__, POPULATION, "--threads", str(asked.threads)]
    rows = [
        *compare_grids(DATA, steps=50 if asked.quick else 469, repeats=repeats, clock=clock),
        *compare_updates(steps=5 if asked.quick else 20, repeats=repeats, clock=clock),
        *compare_sfo(steps=5 if asked.quick else 13, repeats=repeats, clock=clock),
        *compare_memory(again),
    ]
    if asked.json:
        conditions = {"torch": torch.__version__, "threads": asked.threads, "repeats": repeats}
        print(json.dumps({**conditions, "rows": [asdict(row) for row in rows]}, indent=1))
    else:
        show(rows)


def set_up_torch(threads: int) -> None:
    """Set what the suite sets in its workers, for all contenders."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)


def show(rows: list[Row]) -> None:
    """Print a table."""
    table = Table("ours / peer", "ours", "peer", "unit", "ratio", "wanted", box=box.SIMPLE_HEAD)
    for row in rows:
        figures = (f"{row.ours:.3g}", f"{row.peer:.3g}", row.unit, f"{row.ratio:.3g}")
        table.add_row(row.name, *figures, row.wanted)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
