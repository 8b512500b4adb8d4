"""The quick way to compose a grid's configs gives what Hydra itself gives."""

from collections.abc import Iterator

import pytest
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from adamrepro.experiments.budgets import apply_budget
from adamrepro.experiments.compose import Composer
from adamrepro.runs.config import EXPERIMENT_KEYS
from commandline import hydra


@pytest.fixture
def composer() -> Iterator[Composer]:
    with hydra():
        config = compose("config", return_hydra_config=True)
        yield Composer(GlobalHydra.instance().config_loader(), config)


JOBS = [
    [],
    ["optimizer=sgd", "optimizer.alpha=0.1", "optimizer.nesterov=false", "seed=3"],
    ["experiment=fig1a", "budget=smoke", "optimizer=adagrad", "training.l2=0.5", "series='a b+c'"],
    ["seeds.grid=[4,5]", "seed=4"],
    ["optimizer=adam", "optimizer=rmsprop", "optimizer.momentum=0.5"],
    ["+optimizer.anything=1"],
    ["model=mlp", "model.hidden=7", "schedule.unit=epochs", "training.epochs=2"],
]


@pytest.mark.parametrize("overrides", JOBS, ids=" ".join)
def test_equals_hydras_own(overrides: list[str], composer: Composer) -> None:
    quick = OmegaConf.to_container(composer.compose(overrides))
    assert isinstance(quick, dict)
    composed = compose("config", overrides=overrides)
    apply_budget(composed, overrides)
    whole = OmegaConf.to_container(composed)
    assert isinstance(whole, dict)
    assert quick == {key: value for key, value in whole.items() if key not in EXPERIMENT_KEYS}


def test_jobs_do_not_share_their_configs(composer: Composer) -> None:
    one, other = (composer.compose(["optimizer=adam", f"seed={seed}"]) for seed in (1, 2))
    one.optimizer.alpha = 9
    assert (one.seed, other.seed) == (1, 2)
    assert composer.compose(["optimizer=adam"]).optimizer.alpha == other.optimizer.alpha != 9


@pytest.mark.parametrize("bad", ["optimizer.alhpa=1", "optimizer=adm", "sed=1", "seed=[1"])
def test_mistakes_are_found_as_by_hydra(bad: str, composer: Composer) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException)):
        composer.compose(["experiment=fig1a", bad])
