"""A budget is a row of plain overrides in an experiment's file, applied before the user's own.

budgets:
  quick: {training.epochs: 46, seeds.confirm: [1]}
"""

from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from adamrepro.errors import UserError, nearest
from adamrepro.paths import CONFIGS


def known_budgets() -> list[str]:
    """Return the names of the budgets."""
    return [str(name) for name in OmegaConf.load(CONFIGS / "config.yaml").budgets]


def apply_budget(config: DictConfig, overrides: Sequence[str]) -> None:
    """Set what the budget of a composed configuration sets, but for what the overrides set.

    Raises UserError for a budget that there is not.
    """
    if config.budget not in config.budgets:
        raise UserError(
            f"budget={config.budget}: no such budget; {nearest(config.budget, config.budgets)}"
        )
    own = [override.partition("=") for override in overrides]
    keys = {key.lstrip("+") for key, _, _ in own}
    sections = tuple(f"{key.lstrip('+')}." for key, _, value in own if value.startswith("{"))
    for key, value in config.budgets[config.budget].items():
        if key not in keys and not key.startswith(sections):
            OmegaConf.update(config, key, value)
