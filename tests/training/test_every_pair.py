"""Every model on every data set: it trains, or the user is told what is wrong before it does."""

from functools import cache
from pathlib import Path

import pytest

from adamrepro.data import DATASETS, DataSet, load_dataset
from adamrepro.errors import UserError
from adamrepro.models import MODELS
from adamrepro.optim import Adam, Schedule
from adamrepro.training import Loop, Population, Task, Training

REFUSED = {
    ("mnist", "convnet"): r"examples \[C, H, W\]",  # stored flat
    ("imdb", "convnet"): r"examples \[C, H, W\]",
    ("imdb", "vae"): r"pixels in \[0, 1\]",
    ("cifar10", "vae"): r"pixels in \[0, 1\]",  # whitened
}
SMALL = {"mlp": {"hidden": 5}, "vae": {"hidden": 5, "latent": 3}}


@cache
def stand_in(name: str) -> DataSet:
    return load_dataset(DATASETS[name](examples=20), root=Path("nowhere"), stand_in=True)


def train(dataset: str, model: str) -> list[float]:
    data, config = stand_in(dataset), MODELS[model](**SMALL.get(model, {}))
    population = Population(
        Task(model=config, shape=data.train.shape, classes=data.classes, seed=0),
        [Adam(alpha=0.001), Adam(alpha=0.002)],
        [0.0, 0.1],
        Schedule(),
    )
    loop = Loop(population, data.train, data.test, Training(epochs=2, batch_size=8), seed=0)
    return [row["train_nll"] for row in loop.run()[1].rows]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_it_trains_or_is_refused(dataset: str, model: str) -> None:
    if (dataset, model) in REFUSED:
        with pytest.raises(UserError, match=f"^model={model}: .*{REFUSED[dataset, model]}"):
            train(dataset, model)
    else:
        costs = train(dataset, model)
        assert len(costs) == 3
        assert costs[-1] < costs[0]
