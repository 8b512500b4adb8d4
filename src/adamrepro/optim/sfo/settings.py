"""SFO as an optimizer that an experiment selects."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from adamrepro.ranges import check_ranges, positive, whole


@dataclass(kw_only=True)
class SfoSettings:
    """Hyper-parameters of SFO, with the publication's values; `SFO` says what they are.

    allow_noise: run although the cost is noisy, which it does not stand.
    """

    name: str = "sfo"
    history: int = whole(10)
    initial_hessian: float = positive(1e5)
    initial_active: int = whole(2)
    max_noise: float = positive(1.0)
    max_step_ratio: float = positive(10.0)
    min_step: float = positive(1e-8)
    allow_noise: bool = False

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        check_ranges("optimizer", self)

    def options(self) -> dict[str, Any]:
        """Return the arguments of `SFO`."""
        options = dataclasses.asdict(self)
        del options["name"]
        return options
