"""Runs keep their identity, so that nothing that is done is trained again.

A setting that a rule, a schedule or a model gains is null by default, or `PROTOCOL` is raised and
all tables are made anew.
"""

import pytest

from adamrepro.results.run_id import PROTOCOL, run_id
from commandline import run_config

GOLDEN = {
    "dataset=mnist optimizer=adam": "32e2e34ca0aa",
    "dataset=imdb optimizer=adagrad optimizer.alpha=0.001": "389597559898",
    "dataset=imdb optimizer=sgd optimizer.nesterov=false schedule=sqrt": "a44445a09c79",
    "dataset=imdb optimizer=rmsprop schedule=sqrt schedule.unit=epochs": "7b2b493b7b4a",
    "dataset=imdb model=mlp optimizer=adadelta": "9d44e64fed56",
    "dataset=imdb training.order=fixed optimizer=sfo": "da47cc3c7af0",
    "dataset=cifar10 model=convnet optimizer=adamax training.l2=0.0001": "a76f13d6a089",
}
"""Names of runs on data with the checksum "sha", as they were first under protocol 2."""


@pytest.mark.parametrize("overrides", GOLDEN)
def test_runs_keep_their_identity(overrides: str) -> None:
    settings = run_config(*overrides.split()).settings()
    assert (PROTOCOL, run_id(settings, "sha")) == (2, GOLDEN[overrides])
