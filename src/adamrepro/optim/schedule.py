"""Step size schedules: constant, and alpha / sqrt(t) of section 6.1."""

import math
from dataclasses import dataclass
from enum import Enum


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
    """alpha_t = alpha (constant) or alpha / sqrt(t) (sqrt), t in steps or epochs, from 1."""

    decay: Decay = Decay.constant
    unit: Unit = Unit.steps

    def factor(self, step: int, epoch: int) -> float:
        """Return alpha_t / alpha at the step-th step (from 1), in the epoch-th pass (from 1)."""
        if self.decay is Decay.constant:
            return 1.0
        return 1.0 / math.sqrt(step if self.unit is Unit.steps else epoch)
