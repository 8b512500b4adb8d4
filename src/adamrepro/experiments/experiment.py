"""An experiment at a budget: its grid, and the runs that confirm what the grid chose."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from adamrepro.experiments.checks import check_experiment
from adamrepro.experiments.compose import Composer
from adamrepro.experiments.overrides import Overrides, given
from adamrepro.experiments.sweeps import confirm, expand
from adamrepro.results.layout import SEARCH, both_tables
from adamrepro.results.panel import GridPanel
from adamrepro.results.reference import EXPERIMENTS, panel_of
from adamrepro.results.schema import Tables
from adamrepro.results.select import choose
from adamrepro.runs.config import RunConfig


class Experiment:
    """What `-m experiment=NAME` trains, and `make status` looks for.

    users: the user's overrides, one value each; several where the user listed values (a=1,2). They
    name the same experiment, budget and results.
    """

    def __init__(self, composer: Composer, users: Sequence[Overrides]) -> None:
        self.composer = composer
        self.config = composer.whole(users[0])
        self.budget = str(self.config.budget)
        written: Any = OmegaConf.to_container(self.config, resolve=True)
        check_experiment(written)
        seeds = written["seeds"]
        self.overrides = [
            run for user in users for run in expand(written, user, self.budget, seeds["grid"])
        ]
        """Of every run of the grid."""
        is_chosen = any("seed" in given(user) for user in users)
        self.seeds: list[int] = [] if is_chosen or not self.has_choices else list(seeds["confirm"])
        """Of the runs that confirm the grid; none where nothing is confirmed."""

    @property
    def has_choices(self) -> bool:
        """Whether settings are chosen from this grid: not if all are drawn, or compared."""
        name = self.config.experiment
        every = name in EXPERIMENTS and isinstance(panel_of(name), GridPanel)
        return self.budget != SEARCH and not every

    @cached_property
    def grid(self) -> list[RunConfig]:
        """The runs of the grid, in the order of `overrides`."""
        return self.composed(self.overrides)

    def composed(self, runs: Sequence[Overrides]) -> list[RunConfig]:
        return [self.composer.run_config(run) for run in runs]

    def confirmations(self, finished: Mapping[str, int]) -> list[Overrides]:
        """Return the runs that confirm a finished grid, given as run_id -> place in the grid."""
        chosen = self.chosen(set(finished)) if self.seeds else []
        return [
            each for run in chosen for each in confirm(self.overrides[finished[run]], self.seeds)
        ]

    def chosen(self, runs: set[str]) -> list[str]:
        """Return the runs of this grid that stand for the experiment's curves."""
        found: list[str] = []
        for table in both_tables(self.budget):
            folder = Path(self.config.results) / table / self.config.experiment
            if Tables.exist(folder):
                tables = Tables.read(folder)
                rows = tables.runs[tables.runs["run_id"].isin(runs)]
                if len(rows):
                    choices = choose(rows, tables.curves, self.config.experiment)
                    found += [choice.run_id for choice in choices]
        return list(dict.fromkeys(found))


Batch = Callable[[Sequence[Overrides]], Sequence[str | None]]
"""Brings runs into the tables, and returns their run_ids: None for one that failed."""


def train(
    experiments: Sequence[Experiment], batch: Batch, others: Sequence[Overrides] = ()
) -> None:
    """Train the grids of all experiments as one batch, then what confirms those that are done.

    others: runs that belong to no experiment; they are trained with the grids.
    """
    grids = [experiment.overrides for experiment in experiments]
    returned = iter(batch([*others, *itertools.chain(*grids)]))
    finished = [list(itertools.islice(returned, len(runs))) for runs in (others, *grids)]
    confirming: list[Overrides] = []
    for experiment, runs in zip(experiments, finished[1:], strict=True):
        if None not in runs:
            places = {str(run): place for place, run in enumerate(runs)}
            confirming += experiment.confirmations(places)
    if confirming:
        batch(confirming)


def experiments_of(
    composer: Composer, users: Sequence[Overrides]
) -> tuple[list[Experiment], list[Overrides]]:
    """Tell experiments from runs that belong to none: those are returned as they are."""
    grouped: dict[str, list[Overrides]] = {}
    others: list[Overrides] = []
    for user in users:
        config = composer.whole(user)
        same = repr((config.experiment, config.budget, config.results, config.seeds))
        (grouped.setdefault(same, []) if config.get("sweeps") else others).append(user)
    return [Experiment(composer, group) for group in grouped.values()], others
