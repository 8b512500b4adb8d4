"""Step size schedules: constant, alpha / sqrt(t) of section 6.1, and linear warm-up."""

import math
from dataclasses import dataclass
from enum import Enum

from adamrepro.ranges import check_ranges, whole


class Decay(Enum):
    """How alpha falls with t."""

    constant = "constant"
    sqrt = "sqrt"


class Unit(Enum):
    """What t counts; the paper does not say."""

    steps = "steps"
    epochs = "epochs"


@dataclass(kw_only=True)
class Schedule:
    """alpha_t = alpha (constant) or alpha / sqrt(t) (sqrt), t in steps or epochs, from 1.

    warmup: steps over which alpha_t rises to this linearly, times min(1, step / warmup); null is
    no warm-up. In steps whatever the unit.
    """

    decay: Decay = Decay.constant
    unit: Unit = Unit.steps
    warmup: int | None = whole(None)

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        self.decay, self.unit = Decay(self.decay), Unit(self.unit)  # names will do
        check_ranges("schedule", self)

    def factor(self, step: int, epoch: int) -> float:
        """Return alpha_t / alpha at the step-th step (from 1), in the epoch-th pass (from 1)."""
        risen = 1.0 if self.warmup is None else min(1.0, step / self.warmup)
        if self.decay is Decay.constant:
            return risen
        return risen / math.sqrt(step if self.unit is Unit.steps else epoch)
