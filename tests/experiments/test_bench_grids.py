"""A class beside tuned Adam: equal grids, shared draws, mistakes told before training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adamrepro.cli.overrides import announced
from adamrepro.errors import UserError
from adamrepro.experiments.bench import beside_adam, known_tasks, step_sizes
from adamrepro.experiments.compose import Composer
from adamrepro.experiments.experiment import Experiment
from adamrepro.optim import Adam
from adamrepro.results.tasks import BASELINE, TASKS
from adamrepro.runs.config import RunConfig
from commandline import CONFIGS, composer

NADAM = "torch.optim.NAdam"
MINE = """
import torch

class Free(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
    def step(self, closure=None): ...
"""


@pytest.fixture(name="composer", scope="module")
def composer_of_the_configs() -> Iterator[Composer]:
    with composer() as found:
        yield found


def bench(composer: Composer, path: str, *settings: str, task: str = "mlp") -> Experiment:
    return beside_adam(composer, path, announced([*settings]), task, {"budget": "smoke"})


def split(found: Experiment) -> tuple[list[RunConfig], list[RunConfig]]:
    """The class's runs, and Adam's."""
    adam = [config for config in found.grid if config.series == BASELINE]
    return [config for config in found.grid if config.series != BASELINE], adam


def test_every_file_is_a_task() -> None:
    assert {path.stem for path in (CONFIGS / "experiment" / "bench").iterdir()} == set(TASKS)
    assert known_tasks([]) == list(TASKS)
    assert known_tasks(["vae", "mlp"]) == ["mlp", "vae"]
    with pytest.raises(UserError, match="--task mpl: no such task; did you mean mlp"):
        known_tasks(["mpl"])


def test_step_sizes_lie_around_the_centre() -> None:
    assert step_sizes(0.002, 1) == [0.002]
    assert step_sizes(0.002, 3) == [0.00063, 0.002, 0.0063]
    assert step_sizes(0.002, 5) == [0.0002, 0.00063, 0.002, 0.0063, 0.02]
    many = step_sizes(0.002, 9)
    assert (min(many), max(many), len(many)) == (0.0002, 0.02, 9)


@pytest.mark.parametrize("task", TASKS)
def test_adam_has_as_many_settings_and_all_else_is_shared(task: str, composer: Composer) -> None:
    found = bench(composer, NADAM, task=task)
    own, adam = split(found)
    assert [config.optimizer.kwargs["lr"] for config in own] == step_sizes(2e-3, 5)
    assert [config.optimizer.alpha for config in adam] == step_sizes(1e-3, 5)
    assert {config.optimizer.beta2 for config in adam} == {Adam().beta2}
    assert {config.series for config in own} == {"NAdam"}
    assert found.seeds == [1, 2, 3]
    for key in ("seed", "dataset", "model", "schedule", "training", "budget", "experiment"):
        assert len({repr(getattr(config, key)) for config in found.grid}) == 1, key


def test_what_the_user_lists_adam_gets_as_many_of(composer: Composer) -> None:
    lists = ["optimizer.kwargs.lr=0.1,0.2,0.3", "optimizer.kwargs.momentum=0,0.9"]
    own, adam = split(bench(composer, "torch.optim.SGD", *lists, "training.epochs=7"))
    assert len(own) == len(adam) == 6
    assert {config.optimizer.kwargs["momentum"] for config in own} == {0, 0.9}
    assert {config.training.epochs for config in (*own, *adam)} == {7}
    assert len({config.optimizer.alpha for config in adam}) == 6


def test_other_arguments_leave_the_default_step_sizes(composer: Composer) -> None:
    own, adam = split(bench(composer, NADAM, "optimizer.kwargs.momentum_decay=0.01"))
    assert len(own) == len(adam) == 5
    assert {config.optimizer.kwargs["momentum_decay"] for config in own} == {0.01}


def test_a_class_without_a_step_size_has_one_setting(
    composer: Composer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "free of choice.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    own, adam = split(bench(composer, "free of choice.py:Free"))
    assert [config.optimizer.kwargs for config in own] == [{}]
    assert [config.optimizer.alpha for config in adam] == [Adam().alpha]


def test_adam_of_torch_is_told_from_ours(composer: Composer) -> None:
    own, adam = split(bench(composer, "torch.optim.Adam"))
    assert {config.series for config in own} == {"Adam"}
    assert len(own) == len(adam) == 5


@pytest.mark.parametrize(
    ("path", "settings", "message"),
    [
        ("torch.optim.NAdamm", [], "torch.optim has no NAdamm"),
        ("nothing/here.py:Mine", [], "nothing/here.py: no such file"),
        ("torch.nn.Linear", [], r"not a subclass of torch\.optim\.Optimizer"),
        ("torch.optim.LBFGS", [], "needs a closure"),
        ("NAdam", [], "expected package.module.Class"),
        (NADAM, ["optimizer.kwargs.momentm=1"], "unexpected keyword argument 'momentm'"),
        (NADAM, ["optimizer.kwargs.lr=1e-3,-1"], r"refused .ValueError: Invalid learning rate: -1"),
        (NADAM, ["seed=1"], "seed=1: bench sets this itself"),
        (NADAM, ["optimizer=adam"], "optimizer=adam: bench sets this itself"),
        (NADAM, ["optimizer.alpha=1"], "optimizer.alpha=1: bench sets this itself"),
        (NADAM, ["dataset=cifar10"], "dataset=cifar10: bench sets this itself"),
        (NADAM, ["training.epochs=1,2"], r"training\.epochs=1,2: expected one value"),
        (NADAM, ["training.epochs=0"], r"training\.epochs=0"),
    ],
)
def test_mistakes_are_told_before_training(
    path: str, settings: list[str], message: str, composer: Composer
) -> None:
    with pytest.raises(UserError, match=message):
        bench(composer, path, *settings)
