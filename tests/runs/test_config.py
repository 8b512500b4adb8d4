"""Every file in configs/ composes into a typed run; every value is checked; identity is exact."""

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from adamrepro.data import DATASETS
from adamrepro.errors import UserError
from adamrepro.experiments.compose import Composer
from adamrepro.experiments.sweeps import expand, grid_of
from adamrepro.models import MODELS
from adamrepro.optim import RULES
from adamrepro.results.run_id import run_id, setting_id
from adamrepro.results.schema import TRAINING_EXAMPLES
from adamrepro.runs.config import GROUPS, SECTIONS, RunConfig, plain, to_run_config
from commandline import choices, composed, hydra, run_config

EXPERIMENTS = choices("experiment")
BUDGETS = ("smoke", "quick", "search", "full")


@pytest.mark.parametrize("group", ["optimizer", "model", "dataset"])
def test_every_class_has_a_file_and_every_file_a_class(group: str) -> None:
    assert set(choices(group)) == set(GROUPS[group])


@pytest.mark.parametrize(
    ("group", "name"),
    # external has no class of its own
    [(group, name) for group, known in GROUPS.items() for name in known if name != "external"],
)
def test_defaults_of_file_and_class_are_the_same(group: str, name: str) -> None:
    """Whether built in Python or from the command line, a thing has the same settings."""
    config = run_config(f"{group}={name}")
    assert getattr(config, group) == GROUPS[group][name]()
    assert type(getattr(config, group)) is GROUPS[group][name]
    listed = set(composed(f"{group}={name}")[group])
    assert listed == {f.name for f in dataclasses.fields(GROUPS[group][name])}


def test_an_external_optimizer_has_to_be_named() -> None:
    with pytest.raises(UserError, match=r"optimizer\.cls=: expected package\.module\.Class"):
        run_config("optimizer=external")
    named = ["optimizer=external", "optimizer.cls=torch.optim.SGD", "++optimizer.kwargs.lr=0.5"]
    settings = run_config(*named).settings()
    assert settings["optimizer.kwargs.lr"] == 0.5
    # an argument that is given as None is not one left out
    none = run_config(*named, "++optimizer.kwargs.foreach=null")
    assert none.key == run_config(*named).key | {("optimizer.kwargs.foreach", "null")}
    assert settings["optimizer.cls"] == "torch.optim.SGD"
    assert str(settings["optimizer.code"]).startswith("torch ")


def test_sizes_of_data_sets_are_known_to_figures_and_claims() -> None:
    assert {name: data.sizes[0] for name, data in DATASETS.items()} == TRAINING_EXAMPLES


@pytest.mark.parametrize("name", SECTIONS)
def test_defaults_of_sections(name: str) -> None:
    found = getattr(run_config(), name)
    given = {"root": "here"} if name == "data" else {}
    expected = SECTIONS[name](**given)
    for field in dataclasses.fields(expected):
        if (name, field.name) != ("data", "root"):
            assert getattr(found, field.name) == getattr(expected, field.name), field.name


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_at_every_budget(experiment: str, budget: str) -> None:
    config = composed(f"experiment={experiment}", f"budget={budget}")
    run = to_run_config(config)
    assert (run.experiment, run.budget) == (experiment, budget)
    assert tuple(config.budgets) == BUDGETS
    assert config.seeds.grid
    assert not set(config.seeds.grid) & set(config.seeds.confirm)


def grids(experiment: str) -> Iterator[list[list[str]]]:
    """The runs of every sweep, at each budget."""
    for budget in BUDGETS:
        config = composed(f"experiment={experiment}", f"budget={budget}")
        whole: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
        for series, sweep in whole["sweeps"].items():
            if sweep is None:  # left out at this budget
                continue
            assert grid_of(sweep, budget), series
            part = {**whole, "sweeps": {series: sweep}}
            yield expand(part, [f"experiment={experiment}"], budget, config.seeds.grid)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_curve_of_every_experiment(experiment: str) -> None:
    """No run twice; the last of each grid composes and passes the checks.

    Budgets whose runs set the same keys differ in numbers: one of them is composed.
    """
    runs = list(grids(experiment))
    seen = set()
    with hydra():
        config = compose("config", return_hydra_config=True)
        composer = Composer(GlobalHydra.instance().config_loader(), config)
        for of_curve in runs:
            assert of_curve
            assert len({tuple(run) for run in of_curve}) == len(of_curve)
            keys = frozenset(
                o if o.startswith("series=") else o.split("=")[0] for o in of_curve[-1]
            )
            if keys in seen:
                continue
            seen.add(keys)
            run = to_run_config(composer.compose(of_curve[-1]))
            assert (run.experiment, run.role) == (experiment, "grid")
            assert f"series='{run.series}'" in of_curve[-1]


def changed(override: str) -> RunConfig:
    """The composed default with one value set as the command line would."""
    config = composed()
    (parsed,) = OverridesParser.create().parse_overrides([override])
    OmegaConf.update(config, parsed.key_or_group, parsed.value(), merge=True)
    return to_run_config(config)


BAD = {
    "optimizer.alpha=0": ("optimizer.alpha=0", "above 0"),
    "optimizer.alpha=-1": ("optimizer.alpha=-1", "above 0"),
    "optimizer.alpha=nan": ("optimizer.alpha=nan",),
    "optimizer.alpha=inf": ("optimizer.alpha=inf",),
    "optimizer.beta1=-0.1": ("optimizer.beta1=-0.1", "[0, 1)"),
    "optimizer.beta2=1": ("optimizer.beta2=1", "[0, 1)"),
    "optimizer.averaging=1": ("optimizer.averaging=1", "[0, 1)"),
    "model.dropout_input=1": ("model.dropout_input=1", "[0, 1)"),
    "model.init_std=0": ("model.init_std=0",),
    "training.epochs=0": ("training.epochs=0", "above 0"),
    "training.batch_size=0": ("training.batch_size=0", "above 0"),
    "training.batch_size=-3": ("training.batch_size=-3", "above 0"),
    "training.epoch_steps=0": ("training.epoch_steps=0", "above 0"),
    "training.evaluate_every=0": ("training.evaluate_every=0", "above 0"),
    "training.l2=-1": ("training.l2=-1", "0 or above"),
    "training.l2=nan": ("training.l2=nan",),
    "training.l2=inf": ("training.l2=inf",),
    "training.diverged_above=0": ("training.diverged_above=0",),
    "training.diverged_above=nan": ("training.diverged_above=nan",),
    "training.diverged_above=inf": ("training.diverged_above=inf",),
    "dataset.examples=0": ("dataset.examples=0", "60000"),
    "dataset.examples=60001": ("dataset.examples=60001", "60000"),
    "execution.device=tpu": ("execution.device=tpu", "cpu"),
    "execution.threads=0": ("execution.threads=0",),
    "execution.workers=0": ("execution.workers=0",),
    "execution.checkpoint_seconds=-1": ("execution.checkpoint_seconds=-1",),
    "execution.checkpoint_seconds=nan": ("execution.checkpoint_seconds=nan",),
    "execution.population=0": ("execution.population=0",),
    "execution.population=big": ("execution.population=big", "auto"),
    "execution.population=true": ("execution.population=True", "auto"),
    "training.epochs=three": ("training.epochs", "three"),
    "training.epochs=1.5": ("training.epochs", "1.5"),
    "training.epochs=null": ("training.epochs",),
    "training.epochs=[1]": ("training.epochs",),
    "training.epochs=true": ("training.epochs",),
    "optimizer.alpha=fast": ("optimizer.alpha", "fast"),
    "optimizer.alpha=[0.1]": ("optimizer.alpha",),
    "optimizer.alpha=null": ("optimizer.alpha",),
    "optimizer.bias_correction=maybe": ("optimizer.bias_correction", "maybe"),
    "optimizer.eps_form=other": ("optimizer.eps_form", "algorithm1"),
    "schedule.decay=cubic": ("schedule.decay", "sqrt"),
    "schedule.warmup=0": ("schedule.warmup=0", "above 0"),
    "schedule.warmup=1.5": ("schedule.warmup", "1.5"),
    "training.order=random": ("training.order", "shuffled"),
    "training.precision=fp16": ("training.precision", "bf16"),
    "execution.compile=maybe": ("execution.compile", "auto"),
    "seed=1.5": ("seed=1.5", "whole number"),
    "seed=abc": ("seed=abc", "whole number"),
    "seed=null": ("seed=None", "whole number"),
    "results=null": ("results",),
}


@pytest.mark.parametrize("override", BAD)
def test_values_are_checked(override: str) -> None:
    with pytest.raises(UserError) as error:
        changed(override)
    message = str(error.value)
    assert len(message.splitlines()) <= 2
    for needle in BAD[override]:
        assert needle in message


def other(value: Any) -> list[Any]:
    """Values that a setting of this kind could have instead, the likely valid ones first."""
    if isinstance(value, Enum):
        return [v for v in type(value) if v is not value]
    if isinstance(value, bool):
        return [not value]
    if value is None:
        return [500]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [value / 2, value * 2] if value else [0.25]
    raise AssertionError(f"no other value for {value!r}")


def variants(config: RunConfig) -> list[tuple[str, RunConfig]]:
    """The config with each of its settings changed in turn."""
    found = [("seed", dataclasses.replace(config, seed=config.seed + 1))]
    for name in ("dataset", "model", "optimizer", "schedule", "training"):
        section = getattr(config, name)
        for key in (f.name for f in dataclasses.fields(section) if f.name != "name"):
            for new in replaced(section, key):
                found.append((f"{name}.{key}", dataclasses.replace(config, **{name: new})))
    return found


def replaced(section: Any, key: str) -> list[Any]:
    """The section with other values of one setting, those that are in its range."""
    found = []
    for value in other(getattr(section, key)):
        with contextlib.suppress(UserError):
            found.append(dataclasses.replace(section, **{key: value}))
    assert found, key
    return found


def test_a_schedule_needs_a_step_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nolr.py").write_text(
        "import torch\n"
        "class NoLr(torch.optim.Optimizer):\n"
        "    def __init__(self, params): super().__init__(params, {})\n"
        "    def step(self): pass\n"
    )
    own = ["optimizer=external", "optimizer.cls=nolr.py:NoLr"]
    assert run_config(*own, "schedule=constant")
    expected = (
        r"decay=sqrt: expected constant .*schedule=constant. with nolr\.py:NoLr, whose groups"
    )
    with pytest.raises(UserError, match=expected):
        run_config(*own, "schedule=sqrt")
    with pytest.raises(UserError, match="warmup=2000: expected null"):
        run_config(*own, "schedule=warmup")


ALL_CHOICES = list(itertools.zip_longest(DATASETS, MODELS, RULES, fillvalue=None))


@pytest.mark.parametrize(("dataset", "model", "optimizer"), ALL_CHOICES)
def test_every_setting_counts_for_the_identity(
    dataset: str | None, model: str | None, optimizer: str | None
) -> None:
    chosen = {"dataset": dataset, "model": model, "optimizer": optimizer}
    config = run_config(*(f"{key}={name}" for key, name in chosen.items() if name))
    identity = run_id(config.settings(), "sha")
    seen = {identity: "nothing"}
    for key, variant in variants(config):
        new = run_id(variant.settings(), "sha")
        assert new not in seen, (key, seen[new])
        seen[new] = key
        same_setting = setting_id(variant.settings(), "s") == setting_id(config.settings(), "s")
        assert same_setting == (key == "seed")


NOT_PART_OF_THE_IDENTITY = [
    "results=/elsewhere",
    "data.root=/elsewhere",
    "data.download=false",
    "data.stand_in=true",
    "execution.population=3",
    "execution.device=cpu",
    "execution.threads=2",
    "execution.workers=1",
    "execution.checkpoint_seconds=1",
    "execution.compile=off",
    "experiment=other",
    "budget=full",
    "series=Adam",
    "reading=other",
    "role=confirm",
    "tracking.name=wandb",
]


@pytest.mark.parametrize("override", NOT_PART_OF_THE_IDENTITY)
def test_paths_execution_and_labels_do_not_count(override: str) -> None:
    key = override.partition("=")[0]
    new, old = changed(override), run_config()
    assert new != old, key
    assert run_id(new.settings(), "sha") == run_id(old.settings(), "sha")


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("optimizer.alpha=1", "optimizer.alpha=1.0"),
        ("optimizer.alpha=1e-3", "optimizer.alpha=0.001"),
        ("training.l2=0", "training.l2=0.0"),
        ("optimizer.bias_correction=true", "optimizer.bias_correction=True"),
    ],
)
def test_the_spelling_of_a_value_does_not_count(one: str, another: str) -> None:
    first, second = changed(one).settings(), changed(another).settings()
    assert run_id(first, "sha") == run_id(second, "sha")


def test_settings_have_their_override_names() -> None:
    """A column of runs.csv can be pasted to the command line."""
    config = run_config("experiment=fig1a")
    for key, value in config.settings().items():
        if key == "seed":
            continue
        section, name = key.split(".")
        assert plain(getattr(config, section))[name] == value
        assert isinstance(value, (str, int, float, bool)) or value is None
