"""Composing the configurations of many runs, quickly.

Hydra needs about 0.1 s for one. Runs of a grid differ in few keys, most of them numbers, so each
distinct choice of groups is composed once and those keys are set on copies.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from adamrepro.experiments.budgets import apply_budget
from adamrepro.experiments.checks import check_name
from adamrepro.experiments.overrides import Overrides
from adamrepro.runs.config import EXPERIMENT_KEYS, RunConfig, to_run_config

SET_ON_A_COPY = (
    "optimizer.",
    "training.l2=",
    "training.batch_size=",
    "model.",
    "seed=",
    "role=",
    "series=",
    "reading=",
)
"""How overrides begin that select no group and are read by no interpolation."""


def is_set_on_a_copy(override: str) -> bool:
    """Whether an override begins as SET_ON_A_COPY says."""
    return override.lstrip("+").startswith(SET_ON_A_COPY)


@contextmanager
def composing(configs: Path) -> Iterator["Composer"]:
    """Yield a composer of the configurations in a folder, outside of Hydra's own main."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(configs), version_base="1.3"):
        base = compose("config", return_hydra_config=True)
        yield Composer(GlobalHydra.instance().config_loader(), base)


class Composer:
    """Composes configurations on top of the sweep's own."""

    def __init__(self, loader: ConfigLoader, base: DictConfig) -> None:
        self.loader, self.base = loader, base
        self.parser = OverridesParser.create(config_loader=loader)
        self.composed: dict[tuple[str, ...], DictConfig] = {}

    def products(self, overrides: Sequence[str]) -> list[Overrides]:
        """Return every combination of the values that are listed (a=1,2), as Hydra forms them."""
        parsed = self.parser.parse_overrides(list(overrides))
        return list(BasicSweeper.split_arguments(parsed, None)[0])

    def whole(self, overrides: Sequence[str]) -> DictConfig:
        """Return the configuration as the experiment needs it: without what is set on copies."""
        shared = tuple(o for o in overrides if not is_set_on_a_copy(o))
        if shared not in self.composed:
            config = self.loader.load_sweep_config(self.base, list(shared))
            check_name(config.experiment, shared)
            apply_budget(config, shared)
            self.composed[shared] = config
        return self.composed[shared]

    def run_config(self, overrides: Sequence[str]) -> RunConfig:
        """Return the run that these overrides describe, checked."""
        return to_run_config(self.compose(overrides))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Return the configuration of the run that these overrides describe."""
        whole = self.whole(overrides)
        # experiments are large: most of the time to copy
        config = OmegaConf.masked_copy(
            whole, [k for k in map(str, whole) if k not in EXPERIMENT_KEYS]
        )
        OmegaConf.set_struct(config, True)
        for override in self.parser.parse_overrides([o for o in overrides if is_set_on_a_copy(o)]):
            is_new = override.is_force_add() or override.is_add()
            key, value = override.key_or_group, override.value()
            OmegaConf.update(config, key, value, merge=True, force_add=is_new)
        return config
