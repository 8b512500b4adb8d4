"""How fast this suite is, next to plain PyTorch on the same threads in the same process.

Contenders take turns; what is printed is the median over their turns, and a ratio is the median of
the ratios within a turn. What is done once (reading data, compiling) is not timed. Data that does
not lie in $ADAMREPRO_DATA or data/ is stood in for: the shapes, and so the times, are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
from rich import box
from rich.console import Console
from rich.table import Table

from adamrepro import paths
from adamrepro.benchmark import (
    Compared,
    Point,
    Profile,
    Stage,
    TaskRow,
    compare_drop_in,
    compare_memory,
    compare_sfo,
    compare_tasks,
    compare_updates,
    cores,
    members_and_minibatches,
    memory_by_stage,
    profiles,
    train_population,
)
from adamrepro.benchmark.page import Measured, write_page, written
from adamrepro.runs.machine import set_up_process, this_machine

PROJECT = Path(__file__).resolve().parents[1]
DATA = paths.data()
POPULATION = "--population"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> None:
    """Compare, and print tables or one JSON object, or write docs/performance.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md as well")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter turns")
    parser.add_argument("--repeats", type=int, help="turns that count (default 5; quick: 2)")
    parser.add_argument("--threads", type=int, default=1, help="default 1, as in a worker process")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: on a busy machine")
    parser.add_argument(POPULATION, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.docs and asked.quick:
        parser.error(
            "--docs writes a page to be read: expected without --quick, whose turns are few"
        )
    repeats = (2 if asked.quick else 5) if asked.repeats is None else asked.repeats
    if repeats < 1 or asked.threads < 1:
        parser.error("--repeats and --threads: expected whole numbers above 0")
    set_up_process(asked.threads)
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler tells of itself
    if asked.population:
        print(json.dumps([asdict(stage) for stage in train_population(DATA)]))
        return
    measured = measure(asked, repeats)
    if asked.json:
        print(json.dumps(asdict(measured), indent=1))
    else:
        show(measured)
    if asked.docs:
        write_page(measured, PROJECT / "docs")


def measure(asked: argparse.Namespace, repeats: int) -> Measured:
    """Take all measurements."""
    clock, shorter = CLOCKS[asked.clock], 4 if asked.quick else 1
    again = [sys.executable, __file__, POPULATION, "--threads", str(asked.threads)]
    machine = this_machine(torch.device("cpu"))
    stages = memory_by_stage(again)
    return Measured(
        conditions={
            **{key: machine[key] for key in ("processor", "cores", "instructions", "torch")},
            "threads": asked.threads,
            "repeats": repeats,
            "clock": asked.clock,
        },
        tasks=list(compare_tasks(DATA, repeats, clock, shorter=shorter)),
        rows=[
            *compare_updates(steps=20 // shorter, repeats=repeats, clock=clock),
            *compare_drop_in(steps=20 // shorter, repeats=repeats, clock=clock),
            *compare_sfo(steps=13 // shorter, repeats=repeats, clock=clock),
            compare_memory(stages),
        ],
        profiles=list(profiles(DATA, shorter=shorter)),
        stages=stages,
        points=[
            *members_and_minibatches(DATA, repeats, clock, shorter=shorter),
            *cores(DATA, shorter=shorter),
        ],
    )


def show(measured: Measured) -> None:
    """Print the tables."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(", ".join(f"{key} {value}" for key, value in measured.conditions.items()))
    for name, kind, rows in (
        ("milliseconds per step and member", TaskRow, measured.tasks),
        ("ours / peer", Compared, measured.rows),
        ("a step and what it is spent on", Profile, measured.profiles),
        ("peak memory", Stage, measured.stages),
        ("milliseconds per step and member, or per example (minibatch)", Point, measured.points),
    ):
        columns = list(kind.__dataclass_fields__)
        table = Table(*columns, title=name, box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(written(getattr(row, column)) for column in columns))
        console.print(table)


if __name__ == "__main__":
    main()
