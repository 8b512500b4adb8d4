"""The typed configuration of a run, checked once, and the tables from names to classes."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from adamrepro.data import DATASETS
from adamrepro.errors import UserError, in_a_line, nearest, require
from adamrepro.models import MODELS, ModelConfig
from adamrepro.optim import OPTIMIZERS, Decay, ExternalSettings, Rule, Schedule, SfoSettings
from adamrepro.ranges import check_ranges, not_negative, whole
from adamrepro.results.kinds import Role
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import SettingsKey, Value, key_of
from adamrepro.tracking.settings import Tracking
from adamrepro.training import Order, Training

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(kw_only=True)
class Data:
    """Where data comes from; `root` holds the files as their canonical archives unpack."""

    root: str
    download: bool = True
    stand_in: bool = False


class Compile(Enum):
    """Whether the update runs through torch.compile; auto: where the run is long enough."""

    auto = "auto"
    on = "on"
    off = "off"


@dataclass(kw_only=True)
class Execution:
    """How runs are executed: nothing here can change a result beyond rounding.

    threads: of one worker process. workers: processes side by side; null is one per core (CPU) or
    one per GPU. population: members trained together; auto is by model, device and a GPU's memory.
    checkpoint_seconds: time between checkpoints.
    """

    device: str = "auto"
    threads: int = whole(1)
    workers: int | None = whole(None)
    population: Any = "auto"
    compile: Compile = Compile.auto
    checkpoint_seconds: float = not_negative(60.0)

    def __post_init__(self) -> None:
        require(
            self.device in DEVICES, "execution.device", self.device, f"one of {', '.join(DEVICES)}"
        )
        size = self.population
        ok = size == "auto" or (type(size) is int and size >= 1)
        require(ok, "execution.population", size, "auto or a whole number above 0")
        check_ranges("execution", self)


@dataclass(kw_only=True)
class RunConfig:
    """One run. `dataset`, `model` and `optimizer` are of the class their name stands for.

    take_over: another results folder, whose finished runs are not trained again.
    """

    experiment: str
    budget: str
    series: str
    reading: str
    role: str
    seed: int
    dataset: Any
    model: ModelConfig
    optimizer: Rule | SfoSettings | ExternalSettings
    schedule: Schedule
    training: Training
    data: Data
    execution: Execution = field(default_factory=Execution)
    tracking: Tracking = field(default_factory=Tracking)
    results: str = "results/local"
    take_over: str | None = None

    def __post_init__(self) -> None:
        """Check what must go together; raises UserError naming the key."""
        if isinstance(self.optimizer, SfoSettings):
            ok = self.training.order is not Order.shuffled
            expected = "once or fixed with optimizer=sfo, whose minibatches never change"
            require(ok, "training.order", self.training.order.value, expected)
            self.require_constant("with optimizer=sfo, which has no step size")
        if isinstance(self.optimizer, ExternalSettings) and self.optimizer.lr is None:
            cls = self.optimizer.cls
            self.require_constant(f"(schedule=constant) with {cls}, whose groups have no lr")

    def require_constant(self, why: str) -> None:
        """Raise UserError for a schedule that multiplies a step size."""
        schedule = self.schedule
        ok = schedule.decay is Decay.constant
        require(ok, "schedule.decay", schedule.decay.value, f"constant {why}")
        require(schedule.warmup is None, "schedule.warmup", schedule.warmup, f"null {why}")

    @property
    def results_root(self) -> Path:
        return Path(self.results)

    def settings(self) -> dict[str, Value]:
        """Everything that can change the result, under its dotted override name."""
        sections = ("dataset", "model", "optimizer", "schedule", "training")
        found = {
            f"{section}.{name}": value
            for section in sections
            for name, value in flat(plain(getattr(self, section)))
        }
        return {**found, "seed": self.seed}

    @property
    def key(self) -> SettingsKey:
        """The settings as the tables write them, as something that can be looked up."""
        return key_of(as_text(self.settings()))


def plain(settings: Any) -> dict[str, Value]:
    """Turn a dataclass of settings into names and plain values."""
    pairs = ((f.name, getattr(settings, f.name)) for f in dataclasses.fields(settings))
    return {name: value.value if isinstance(value, Enum) else value for name, value in pairs}


def flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Value]]:
    """Yield names and values, those of mappings under dotted names; other containers as text.

    None inside a mapping is text, too: an argument that is given as None is not one left out.
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        elif value is None:
            yield before + name, "null" if before else None
        else:
            is_plain = isinstance(value, (bool, int, float, str))
            yield before + name, value if is_plain else str(value)


GROUPS: dict[str, Mapping[str, type]] = {
    "dataset": DATASETS,
    "model": MODELS,
    "optimizer": OPTIMIZERS,
}
"""Config groups whose class is told by their name."""

SECTIONS: dict[str, type] = {
    "schedule": Schedule,
    "training": Training,
    "data": Data,
    "execution": Execution,
    "tracking": Tracking,
}
"""Sections that always have the same class."""

EXPERIMENT_KEYS = ("budgets", "open_settings", "seeds", "sweeps", "hydra")
"""Keys of an experiment, not of a run."""


def to_run_config(config: DictConfig) -> RunConfig:
    """Check a composed configuration; raises UserError naming the key, its value and the range."""
    OmegaConf.resolve(config)
    values: dict[str, Any] = {}
    keys = [f.name for f in dataclasses.fields(RunConfig)]
    for key in map(str, config):
        if key not in keys and key not in EXPERIMENT_KEYS:
            raise UserError(f"{key}: no such key; {nearest(key, keys)}")
    for key in keys:
        if key in GROUPS:
            chosen = GROUPS[key]
            name = str(config[key].get("name"))
            if name not in chosen:
                raise UserError(f"{key}.name={name}: unknown; {nearest(name, chosen)}")
            values[key] = section(key, chosen[name], config[key])
        elif key in SECTIONS:
            values[key] = section(key, SECTIONS[key], config[key])
        else:
            value = config[key]
            values[key] = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    require(values["role"] in list(Role), "role", values["role"], f"one of {', '.join(Role)}")
    require(type(values["seed"]) is int, "seed", values["seed"], "a whole number")
    own = values["results"]
    place = Path(str(own)).expanduser()
    ok = isinstance(own, str) and not any(path.is_file() for path in (place, *place.parents))
    require(ok, "results", own, "a folder")
    other = values["take_over"]
    ok = other is None or (isinstance(other, str) and Path(other).expanduser().is_dir())
    require(ok, "take_over", other, "null or a results folder that is there")
    return RunConfig(**values)


@cache
def structured(schema: type) -> DictConfig:
    """Return a schema as OmegaConf has it; made once, for a grid has hundreds of runs."""
    return OmegaConf.structured(schema)  # type: ignore[no-any-return]


def section(name: str, schema: type, values: DictConfig) -> Any:
    """Build one section from its schema."""
    require(OmegaConf.is_dict(values), name, values, f"settings, as in {name}.KEY=VALUE")
    try:
        return OmegaConf.to_object(OmegaConf.merge(structured(schema), values))
    except ConfigKeyError as error:
        key = str(error.key)
        known = [f.name for f in dataclasses.fields(schema)]
        raise UserError(f"{name}.{key}: no such key; {nearest(key, known)}") from None
    except OmegaConfBaseException as error:
        raise UserError(f"{name}.{error.key}={error.value}: {in_a_line(error)}") from None
