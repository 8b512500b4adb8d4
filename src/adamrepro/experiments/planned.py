"""Every run that an experiment has at a budget, as the tables write it."""

from collections import defaultdict
from pathlib import Path

from adamrepro.experiments.compose import composing
from adamrepro.experiments.experiment import Experiment
from adamrepro.experiments.names import config_of
from adamrepro.experiments.overrides import setting
from adamrepro.paths import CONFIGS
from adamrepro.results.review import Labels, Planned
from adamrepro.results.rows import read_rows
from adamrepro.results.run_id import SettingsKey, key_of


def planned_runs(experiment: str, budget: str, results: Path) -> Planned:
    """Return the runs of an experiment's grid, and those that confirm what is chosen from it.

    results: the results folder whose tables of the grid the choice is made from.
    """
    with composing(CONFIGS) as composer:
        name, own = config_of(experiment), setting("results", results)
        planned = Experiment(composer, [[f"experiment={name}", f"budget={budget}", own]])
        identities = {
            key_of(row): row["run_id"]
            for row in read_rows(results / budget / experiment / "runs.csv")
        }
        places = {
            identities[key]: place
            for place, config in enumerate(planned.grid)
            if (key := config.key) in identities
        }
        confirming = planned.composed(planned.confirmations(places)) if places else []
    found: defaultdict[SettingsKey, set[Labels]] = defaultdict(set)
    for config in (*planned.grid, *confirming):
        found[config.key].add((config.series, config.reading, config.role))
    return {settings: frozenset(labels) for settings, labels in found.items()}
