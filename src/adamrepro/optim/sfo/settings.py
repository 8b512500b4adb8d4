"""SFO as an optimizer that an experiment selects."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from adamrepro.errors import require


@dataclass(kw_only=True)
class SfoSettings:
    """Hyper-parameters of SFO, with the publication's values; `SFO` says what they are.

    allow_noise: run although the cost is noisy, which it does not stand.
    """

    name: str = "sfo"
    history: int = 10
    initial_hessian: float = 1e5
    initial_active: int = 2
    max_noise: float = 1.0
    max_step_ratio: float = 10.0
    min_step: float = 1e-8
    allow_noise: bool = False

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        for key, value in self.options().items():
            if key != "allow_noise":
                require(0 < value < float("inf"), f"optimizer.{key}", value, "a number above 0")

    def options(self) -> dict[str, Any]:
        """Return the arguments of `SFO`."""
        options = dataclasses.asdict(self)
        del options["name"]
        return options
