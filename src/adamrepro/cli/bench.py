"""Train an optimizer class of yours on the suite's tasks, beside tuned Adam, and say how it stands.

CLASS is package.module.Class, module:Class or folder/file.py:Class, anything with torch.optim's
interface. Adam and the class are tried at equally many step sizes, the class at five around its
own default, or at those of optimizer.kwargs.lr=1e-3,1e-2. What is done is not done again, and
what was interrupted goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.beyond.bench import Standing, optimizers_of, standing
from adamrepro.beyond.bench_page import page, table
from adamrepro.claims.effects import MEASURES
from adamrepro.cli.console import console
from adamrepro.cli.overrides import announced, explained
from adamrepro.cli.places import CommandLine
from adamrepro.figures import style
from adamrepro.figures.bench import make
from adamrepro.files import write_atomically
from adamrepro.results.layout import no_data
from adamrepro.results.schema import Tables
from adamrepro.results.tasks import BASELINE, TASKS
from adamrepro.results.written import write_table

if TYPE_CHECKING:
    from adamrepro.experiments.compose import Composer
    from adamrepro.experiments.experiment import Experiment
    from adamrepro.runs.planning import Run

NO_DATA = {"data.download": False, "data.stand_in": True}


def main() -> None:
    """Train, judge, and write the verdict."""
    parser = CommandLine(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    example = "as in torch.optim.NAdam or mine.py:Mine"
    parser.add_argument("cls", metavar="CLASS", nargs="?", help=example)
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="KEY=VALUE",
        help="as adamrepro train takes them: optimizer.kwargs.weight_decay=0.01, training.epochs=3",
    )
    parser.add_argument("--task", default="", help="of logistic, imdb, mlp, vae: all, or mlp,vae")
    trial = "seconds, on small stand-ins for the data: a trial"
    parser.add_argument("--budget", default="quick", help=f"quick (default), or smoke: {trial}")
    parser.add_argument(
        "--smoke", dest="budget", action="store_const", const="smoke", help="the same"
    )
    parser.add_places(published=False)
    asked = parser.parse_intermixed_args()
    if not asked.cls:
        parser.mistake(f"CLASS: none named; expected an optimizer class, {example}")
    parser.check_budget(asked.budget, ("smoke", "quick"))
    with explained():
        # torch is imported late: --help need not wait for it
        bench(asked)


def bench(asked: argparse.Namespace) -> None:
    """Check everything before anything is trained; then train, judge and draw."""
    from adamrepro.experiments.bench import beside_adam, known_tasks
    from adamrepro.experiments.compose import composing
    from adamrepro.experiments.sweeps import series_of_class

    results = asked.results.absolute()
    common: dict[str, object] = {"budget": asked.budget, "results": str(results)}
    if asked.budget == "smoke":
        common |= {"data.root": str(no_data(results)), **NO_DATA}
    settings = announced(asked.settings)
    with composing(paths.CONFIGS) as composer:
        tasks = known_tasks(asked.task.split(",") if asked.task else [])
        experiments = [beside_adam(composer, asked.cls, settings, task, common) for task in tasks]
        runs = trained(composer, experiments)
    tables = {
        TASKS[task]: tables_of(runs, str(experiment.config.experiment))
        for task, experiment in zip(tasks, experiments, strict=True)
    }
    folder = runs[0].store.tables.parent / "bench"
    name = series_of_class(asked.cls)
    found = []
    for task, own in tables.items():
        optimizers = optimizers_of(own)
        found.append(standing(task, optimizers[name], optimizers[BASELINE]))
    text = page(asked.cls, name, BASELINE, found, list(tables.values()))
    with style.styled():
        drawn = style.save(make(name, BASELINE, tables), folder, name)
    write_atomically(folder / f"{name}.md", text)
    write_table(folder / f"{name}.csv", table(found))
    show(name, found)
    for path in (*drawn, folder / f"{name}.csv", folder / f"{name}.md"):
        print(path)


def trained(composer: Composer, experiments: Sequence[Experiment]) -> list[Run]:
    """Bring the runs of all tasks into the tables."""
    from adamrepro.execution import run_batch
    from adamrepro.experiments.experiment import train

    found: list[Run] = []

    def batch(runs: Sequence[list[str]]) -> list[str]:
        own = run_batch([composer.run_config(run) for run in runs], processes=True)
        found.extend(own)
        return [run.run_id for run in own]

    train(experiments, batch)
    return found


def tables_of(runs: Sequence[Run], experiment: str) -> Tables:
    """Return the tables of an experiment without the runs of others than these."""
    own = {run.run_id: run.store.tables for run in runs if run.config.experiment == experiment}
    tables = Tables.read(next(iter(own.values())))
    rows, curves = (each[each["run_id"].isin(own)] for each in (tables.runs, tables.curves))
    return Tables(rows, curves)


def show(name: str, standings: Sequence[Standing]) -> None:
    """Print a line per task."""
    shown = Table("task", *MEASURES, "rank", title=f"{name}, in dex", box=box.SIMPLE_HEAD)
    for found in standings:
        cells = [f"{found.dex[of].mean:+.3g} {found.verdicts[of]}" for of in MEASURES]
        rank = f"{found.rank} at the end, 1 in {found.leads} of {found.passes} passes"
        shown.add_row(found.task, *cells, rank)
    console().print(shown)
