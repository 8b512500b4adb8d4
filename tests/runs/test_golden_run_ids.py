"""Runs keep their identity: what is in the tables is found again, whatever the code looks like.

A setting that a rule, a schedule or a model gains is null by default, or `PROTOCOL` is raised and
all tables are made anew.
"""

import hashlib

import pytest

from adamrepro.experiments.experiment import Experiment
from adamrepro.results.run_id import PROTOCOL, run_id
from commandline import composer, run_config

DATA = "0" * 64
"""A checksum that no data has."""

GOLDEN = {
    "dataset=mnist optimizer=adam": "32e2e34ca0aa",
    "dataset=imdb optimizer=adagrad optimizer.alpha=0.001": "389597559898",
    "dataset=imdb optimizer=sgd optimizer.nesterov=false schedule=sqrt": "a44445a09c79",
    "dataset=imdb optimizer=rmsprop schedule=sqrt schedule.unit=epochs": "7b2b493b7b4a",
    "dataset=imdb model=mlp optimizer=adadelta": "9d44e64fed56",
    "dataset=imdb training.order=fixed optimizer=sfo": "da47cc3c7af0",
    "dataset=cifar10 model=convnet optimizer=adamax training.l2=0.0001": "a76f13d6a089",
}
"""run_ids of runs without an experiment, on data with the checksum "sha"."""

SINGLE = {
    "fig1a": "f45b6a6c9980",
    "fig1b": "0e50bc2e2cf4",
    "fig2a": "ba97e90fb031",
    "fig2b": "5685502cd7a1",
    "fig3": "f2efa2348245",
    "fig4": "61bab3ca63ba",
}
"""run_ids of `experiment=NAME budget=full`."""

GRIDS = {
    ("fig1a", "smoke"): (3, "c63bf8fe5341"),
    ("fig1b", "smoke"): (8, "0eb0c0e96fa3"),
    ("fig2a", "smoke"): (5, "efd84264b43b"),
    ("fig2b", "smoke"): (6, "40ea73f7804d"),
    ("fig3", "smoke"): (6, "210e992032f4"),
    ("fig4", "smoke"): (8, "986f68423c0d"),
    ("fig1a", "quick"): (12, "3f142025544a"),
    ("fig2a", "full"): (22, "70fd01cf57b4"),
    ("fig2b", "full"): (17, "340203d380d3"),
}
"""Number of an experiment's runs at a budget, and a hash of their run_ids in order."""

LONG_GRIDS = {
    ("fig3", "full"): (16, "38233eb32f3d"),
    ("fig2b", "search"): (16, "c452ec408ca1"),
    ("fig1a", "full"): (205, "bc0d83361869"),
    ("fig1b", "full"): (118, "ae2786313176"),
    ("fig4", "full"): (84, "1953fdd1cc9d"),
    ("fig1a", "search"): (819, "9000dcb2c3ec"),
    ("fig1b", "search"): (264, "53e566846e51"),
    ("fig4", "search"): (64, "a5968903ccc1"),
}


@pytest.mark.parametrize("overrides", GOLDEN)
def test_runs_of_no_experiment(overrides: str) -> None:
    settings = run_config(*overrides.split()).settings()
    assert (PROTOCOL, run_id(settings, "sha")) == (2, GOLDEN[overrides])


@pytest.mark.parametrize("experiment", SINGLE)
def test_a_single_run(experiment: str) -> None:
    config = run_config(f"experiment={experiment}", "budget=full")
    assert run_id(config.settings(), DATA) == SINGLE[experiment]


def identities(experiment: str, budget: str) -> tuple[int, str]:
    with composer() as found_by:
        grid = Experiment(found_by, [[f"experiment={experiment}", f"budget={budget}"]]).grid
        found = [run_id(config.settings(), DATA) for config in grid]
    return len(found), hashlib.sha256(" ".join(found).encode()).hexdigest()[:12]


@pytest.mark.parametrize(("experiment", "budget"), GRIDS)
def test_a_grid(experiment: str, budget: str) -> None:
    assert identities(experiment, budget) == GRIDS[experiment, budget]


@pytest.mark.slow
@pytest.mark.parametrize(("experiment", "budget"), LONG_GRIDS)
def test_a_long_grid(experiment: str, budget: str) -> None:
    assert identities(experiment, budget) == LONG_GRIDS[experiment, budget]
