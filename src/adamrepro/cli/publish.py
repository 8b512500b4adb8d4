"""Check your own tables as a reviewer would, and make them the published ones.

What is published of an experiment is replaced, its figures redrawn, or nothing is. With --partial
the published runs that your own tables lack are kept, if the grid or its confirmation still has
them. Small experiments are called theory/NAME. Claims: adamrepro claims --published.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from adamrepro import paths
from adamrepro.cli.overrides import explained
from adamrepro.cli.places import CommandLine, directory
from adamrepro.errors import UserError, nearest
from adamrepro.experiments.planned import planned_runs
from adamrepro.figures import FIGURES, draw
from adamrepro.files import write_atomically
from adamrepro.results.commits import is_changed, objection
from adamrepro.results.layout import SEARCH, experiments_in, table_of
from adamrepro.results.publish import (
    copy_tables,
    keep_published,
    leave_out_unchosen,
    publishing,
    replace_figures,
    swap,
)
from adamrepro.results.review import objections
from adamrepro.results.store import Store, run_ids

THEORIES = "theory/"
"""How the names of small experiments begin."""

SHOWN = 5
"""Faults that are told of one experiment."""


def main() -> int:
    """Publish what the command line asks for; 1 if something was refused."""
    parser = CommandLine(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("experiment", nargs="*", help="all that have tables, if none")
    parser.add_budget(None, "quick", "full", SEARCH)
    own = paths.local("results")
    parser.add_argument("--results", type=directory, default=own, metavar="DIR", help="your own")
    parser.add_argument(
        "--partial", action="store_true", help="runs may be missing; what is published is kept"
    )
    asked = parser.of_a_budget()
    with explained():
        refused = publish(asked.results, asked.budget, asked.experiment, partial=asked.partial)
    return 1 if refused else 0


def publish(
    own: Path, budget: str, experiments: Sequence[str], *, partial: bool = False
) -> list[str]:
    """Publish those experiments that nothing speaks against; returns the others.

    Raises UserError for what stands against publishing anything at all.
    """
    checkout = paths.CHECKOUT
    if checkout is None:
        raise UserError("publish: only from a checkout; this is an installed copy")
    if is_changed(checkout, "configs"):
        raise UserError(f"{checkout / 'configs'}: has changes; commit them, or take them back")
    names = list(experiments) or [*experiments_in(own / budget), *theories_in(own / budget)]
    if not names:
        stand_in = (own / table_of(budget, stand_in=True)).is_dir()
        why = "; results of stand-in data are not published" if stand_in else "; train first"
        raise UserError(f"{own / budget}: no tables to publish{why}")
    refused = []
    results, figures = paths.published("results"), paths.published("figures")
    against = functools.partial(objection, checkout=checkout)
    with publishing(results) as stage, publishing(figures) as pictures:
        for name in names:
            if name.startswith(THEORIES):
                found = publish_theory(own / budget, name, results / budget, against, partial)
            else:
                staged = stage, pictures
                found = publish_experiment(own, budget, name, staged, against, partial)
            if found:
                refused.append(name)
                told(name, found)
    return refused


def publish_experiment(
    own: Path,
    budget: str,
    name: str,
    staged: tuple[Path, Path],
    against: Callable[[str], str],
    partial: bool,
) -> list[str]:
    """Publish an experiment's tables and figures, or return what speaks against them.

    staged: folders in which they are made before they take the place of what is published.
    """
    results, figures = paths.published("results"), paths.published("figures")
    if not (own / budget / name / "runs.csv").is_file():
        raise UserError(f"{own / budget / name}: no tables to publish")
    stage, pictures = staged
    store = Store(stage, budget, name)
    new, old = store.tables, results / budget / name
    copy_tables(Store(own, budget, name), new)
    if partial:
        keep_published(store, old, planned_runs(name, budget, stage))  # of the grid
        keep_published(store, old, planned_runs(name, budget, stage))  # of what now confirms it
    planned = planned_runs(name, budget, stage)
    unchosen = leave_out_unchosen(store, planned)
    found = objections(new, planned, against, partial=partial)
    if found:
        return found
    drawn = []
    if budget != SEARCH and name in FIGURES:
        files = draw(name, results=stage, figures=pictures, budget=budget).paths
        drawn = [path for path in files if path.is_relative_to(pictures)]
    before = run_ids(old / "runs.csv")
    gone = len(before - run_ids(new / "runs.csv"))
    swap(new, results, budget)
    replace_figures(name, drawn, figures / budget)
    less = f"; gone are {gone} of the {len(before)} runs before" if gone else ""
    left = f"; left out: confirmations of settings not chosen now: {unchosen}" if unchosen else ""
    print(f"{name}: published, in {old}{left}{less}")
    return []


def theories_in(folder: Path) -> list[str]:
    """Return what the tables of small experiments are called: theory/regret."""
    return [f"{THEORIES}{path.stem}" for path in sorted(folder.glob(f"{THEORIES}*.csv"))]


def publish_theory(
    own: Path, name: str, results: Path, against: Callable[[str], str], partial: bool
) -> list[str]:
    """Publish a small experiment's table, or return what speaks against it."""
    from adamrepro.theory import THEORY, review

    place, short = own / f"{name}.csv", name.removeprefix(THEORIES)
    if short not in THEORY:
        raise UserError(f"{name}: no such experiment; {nearest(short, THEORY)}")
    if not place.is_file():
        raise UserError(f"{place}: no table to publish")
    if found := list(review.objections(THEORY[short], own.name, place, against, partial=partial)):
        return found
    write_atomically(results / f"{name}.csv", place.read_text())
    print(f"{name}: published, in {results}")
    return []


def told(name: str, found: Sequence[str]) -> None:
    """Say why an experiment is not published."""
    print(f"{name}: not published", file=sys.stderr)
    for line in found[:SHOWN]:
        print(f"  {line}", file=sys.stderr)
    if len(found) > SHOWN:
        print(f"  and {len(found) - SHOWN} more", file=sys.stderr)
