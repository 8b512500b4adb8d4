"""A budget is a row of plain overrides in an experiment's file, applied before the user's own.

budgets:
  quick: {training.epochs: 46, seeds.confirm: [1]}
"""

import difflib
from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from adamrepro.errors import UserError, nearest, require
from adamrepro.experiments.overrides import given
from adamrepro.experiments.sweeps import SIZES
from adamrepro.paths import CONFIGS
from adamrepro.results.layout import SEARCH

NAMES = (*SIZES, SEARCH)
"""Of the budgets that every experiment has."""


def known_budgets() -> list[str]:
    """Return the names of the budgets."""
    return [str(name) for name in OmegaConf.load(CONFIGS / "config.yaml").budgets]


def apply_budget(config: DictConfig, overrides: Sequence[str]) -> None:
    """Set what the budget of a composed configuration sets, but for what the overrides set.

    Raises UserError for a budget that there is not, and for rows that are none.
    """
    if config.budget not in config.budgets:
        raise UserError(
            f"budget={config.budget}: no such budget; {nearest(config.budget, config.budgets)}"
        )
    for name, row in config.budgets.items():
        close = difflib.get_close_matches(str(name), NAMES, n=1, cutoff=0.75)
        if name not in NAMES and close:
            raise UserError(f"budgets.{name}: no such budget; did you mean {close[0]}?")
        expected = "settings, as in {training.epochs: 1}"
        require(row is None or OmegaConf.is_dict(row), f"budgets.{name}", row, expected)
    own = given(overrides)
    sections = tuple(f"{key}." for key, value in own.items() if value.startswith("{"))
    for key, value in (config.budgets[config.budget] or {}).items():
        if key not in own and not key.startswith(sections):
            OmegaConf.update(config, key, value)
