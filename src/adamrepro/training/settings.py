"""How a run is trained: the settings that belong to no data set, model or optimizer."""

from dataclasses import dataclass
from enum import Enum

from adamrepro.ranges import check_ranges, not_negative, positive, whole
from adamrepro.training.order import Order, batches_in


class Precision(Enum):
    """Arithmetic of the cost; parameters and optimizer state are fp32 (fp64 under fp64)."""

    fp32 = "fp32"
    tf32 = "tf32"  # GPU matrix products only
    bf16 = "bf16"  # autocast
    fp64 = "fp64"


@dataclass(kw_only=True)
class Training:
    """Settings of the training loop.

    epochs: plotted points; each is one pass, or epoch_steps minibatches where that is set.
    l2: lambda of the penalty lambda/2 |W|^2 on the weights, not the biases.
    evaluate_every: epochs between the clean costs (noise off, whole splits); the first and the
        last epoch always have them.
    diverged_above: a member has diverged whose train cost passes this, or is not finite, or whose
        clean cost is not finite.
    """

    epochs: int = whole(10)
    batch_size: int = whole(128)
    order: Order = Order.shuffled
    epoch_steps: int | None = whole(None)
    l2: float = not_negative(0.0)
    evaluate_every: int = whole(1)
    diverged_above: float = positive(1e4)
    precision: Precision = Precision.fp32

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        check_ranges("training", self)

    def steps_per_epoch(self, examples: int) -> int:
        """Minibatches in an epoch: a pass over so many examples, or epoch_steps."""
        return self.epoch_steps or batches_in(examples, self.batch_size)
