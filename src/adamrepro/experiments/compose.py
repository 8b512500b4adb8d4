"""Composing the configs of a batch of jobs, quickly.

Hydra needs about 0.1 s per job. Jobs of a grid differ in numbers only, so each distinct choice of
groups is composed once and the numbers are set on copies.
"""

import copy
from collections.abc import Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

PLAIN = ("optimizer.", "training.l2", "seed", "role", "series", "reading")
"""Keys that select no group and are read by no interpolation."""

NOT_A_RUNS = ("hydra", "sweeps", "open_settings")
"""Large parts of a config that no single run needs: most of the time to copy it."""


class Composer:
    """Composes job configs on top of the sweep's own config."""

    def __init__(self, loader: ConfigLoader, config: DictConfig) -> None:
        self.loader = loader
        self.config = config
        self.parser = OverridesParser.create(config_loader=loader)
        self.composed: dict[tuple[str, ...], DictConfig] = {}

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Return the config that Hydra composes from these overrides, without NOT_A_RUNS."""
        plain = [o for o in overrides if "=" in o and o.startswith(PLAIN) and "optimizer=" not in o]
        shared = tuple(o for o in overrides if o not in plain)
        if shared not in self.composed:
            found = self.loader.load_sweep_config(self.config, list(shared))
            OmegaConf.set_struct(found, False)
            for key in NOT_A_RUNS:
                found.pop(key, None)
            OmegaConf.set_struct(found, True)
            self.composed[shared] = found
        config = copy.deepcopy(self.composed[shared])
        for override in self.parser.parse_overrides(plain):
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
        return config
