"""How many members of a population fit into a GPU; there need not be one."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from adamrepro.data import DATASETS, DataSet, load_dataset
from adamrepro.models import MODELS
from adamrepro.models.mlp import MlpConfig
from adamrepro.optim import RULES
from adamrepro.runs.config import Execution, RunConfig
from adamrepro.runs.machine import gpu_memory
from adamrepro.runs.memory import Held, bytes_needed, members_that_fit
from adamrepro.runs.planning import GPU_MEMBERS, identify, plan
from adamrepro.training import Precision
from small import small

PAIRS = [("mnist", "vae"), ("imdb", "logistic"), ("cifar10", "convnet")]
PARAMETERS = 784 * 1000 + 1000 + 1000 * 1000 + 1000 + 1000 * 10 + 10


def mnist() -> DataSet:
    return load_dataset(DATASETS["mnist"](examples=200), root=Path("nowhere"), stand_in=True)


def test_memory_is_counted_while_it_is_held() -> None:
    def thousand() -> Tensor:
        return torch.empty(1000, device="meta")

    held = Held()
    with held:
        first = thousand()
        second = first + 1
        view = first[:10]
        del first
        assert (held.now, held.most) == (8000, 8000)  # the view holds all of it
        del view
        assert (held.now, held.most) == (4000, 8000)
        third = second.add_(1) * 2
        assert (held.now, held.most) == (8000, 8000)
        del second, third
    assert (held.now, held.most) == (0, 8000)


def test_a_member_is_its_parameters_their_gradient_the_state_and_what_a_step_needs() -> None:
    config = small(Path("nowhere"), [RULES["adam"]()], model=MlpConfig())[0]
    one, two, five = (bytes_needed(config, mnist(), members) for members in (1, 2, 5))
    member = two - one
    assert 4 * 4 * PARAMETERS < member < 10 * 4 * PARAMETERS
    assert five - two == pytest.approx(3 * member, rel=0.02)
    config.training.precision = Precision.fp64
    assert bytes_needed(config, mnist(), 1) > 1.8 * one


def test_what_an_optimizer_keeps_counts() -> None:
    """One moment, two, and two with the average of parameters."""
    rules = [RULES["signum"](), RULES["adam"](), RULES["adam"](averaging=0.5)]
    fit = [
        members_that_fit(small(Path("nowhere"), [rule], model=MlpConfig())[0], mnist(), 10**10)
        for rule in rules
    ]
    assert sorted(set(fit), reverse=True) == fit


@pytest.mark.parametrize(("dataset", "model"), PAIRS)
def test_every_kind_of_example(dataset: str, model: str) -> None:
    data = load_dataset(DATASETS[dataset](examples=20), root=Path("nowhere"), stand_in=True)
    config = small(Path("nowhere"), model=MODELS[model]())[0]
    many, few = (members_that_fit(config, data, memory) for memory in (10**12, 10**10))
    assert 90 < many / few < 120
    assert members_that_fit(config, data, 10**6) == 1


def populations(configs: list[RunConfig]) -> list[int]:
    return sorted(len(each.runs) for each in plan(identify(configs)))


@pytest.mark.parametrize(
    ("memory", "population", "expected"),
    [
        (None, "auto", [35, 35]),  # a cluster's, not here
        (80 * 10**9, "auto", [35, 35]),
        (10**9, "auto", [14, 14, 14, 14, 14]),
        (10**9, 35, [35, 35]),
    ],
)
def test_populations_are_as_large_as_the_gpu_allows(
    memory: int | None,
    population: str | int,
    expected: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adamrepro.runs.planning.gpu_memory", lambda: memory)
    rules = [RULES["adam"](alpha=1e-3 * (1 + number)) for number in range(70)]
    configs = small(tmp_path, rules, model=MlpConfig(), population=population)
    for config in configs:
        config.execution = dataclasses.replace(config.execution, device="cuda")
    assert GPU_MEMBERS == 64
    assert populations(configs) == expected


@pytest.mark.parametrize(
    ("workers", "gpus", "share"), [(None, 1, 1), (4, 1, 4), (4, 3, 2), (2, 4, 1)]
)
def test_workers_that_share_a_gpu_share_its_memory(
    workers: int | None, gpus: int, share: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("adamrepro.runs.planning.gpu_memory", lambda: 1200)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(
        "adamrepro.runs.planning.members_that_fit",
        lambda config, data, memory: asked.append(memory) or 1,
    )
    (config,) = small(tmp_path, [RULES["adam"]()])
    config.execution = Execution(device="cuda", workers=workers)
    populations([config])
    assert asked == [1200 // share]


def test_the_smallest_gpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [SimpleNamespace(total_memory=size) for size in (24, 16, 80)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda gpu: sizes[gpu])
    assert gpu_memory() == 16
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_memory() is None
