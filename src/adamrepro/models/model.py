"""What every model is: a cost per member, and its configuration."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adamrepro.models.initialize import Init, initialize
from adamrepro.models.layers import Input
from adamrepro.models.noise import Noise
from adamrepro.ranges import check_ranges, positive


@dataclass(kw_only=True)
class ModelConfig:
    """Settings of a model; `init_std` counts only with init=normal."""

    name: str
    init: Init = Init.fan_in
    init_std: float = positive(0.01)

    cpu_members: ClassVar[int] = 1
    """Members per population on a CPU, where execution.population is auto."""

    work: ClassVar[float] = 1.0
    """What an example costs a member, roughly: times logistic regression (docs/performance.md)."""

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        check_ranges("model", self)

    def build(self, members: int, shape: torch.Size, classes: int) -> "Model":
        """Build the model for inputs of `shape` (without the batch axis), parameters zero."""
        raise NotImplementedError

    def initialize(self, model: nn.Module, generator: torch.Generator) -> None:
        """Draw the initial parameters: the weights; biases are zero."""
        initialize(model, self.init, generator, std=self.init_std)


class Model(nn.Module):
    """A module with a cost."""

    def check(self, x: Input) -> None:
        """Raise UserError for examples that the model cannot take; most models take all."""

    def outputs(self) -> list[int | None]:
        """Return each parameter's axis of outputs, for weights and kernels; None for biases.

        A layer's weight is [R, inputs, outputs] here, a kernel [R, outputs, inputs, ...].
        """
        return [
            (2 if p.dim() == 3 else 1) if name.endswith("weight") else None
            for name, p in self.named_parameters()
        ]

    def cost(self, x: Input, y: Tensor, noise: Noise) -> Tensor:
        """Return the mean cost of a minibatch per member, float32 or above: [R]."""
        raise NotImplementedError

    def error(self, x: Input, y: Tensor, noise: Noise) -> tuple[Tensor, Tensor | None]:
        """Return cost [R] and error rate [R] (None where there is no such thing)."""
        raise NotImplementedError


class Classifier(Model):
    """A model whose output is one logit per class, and whose cost is the cross-entropy."""

    def forward(self, x: Input, noise: Noise) -> Tensor:
        """Return logits [R, B, classes]."""
        raise NotImplementedError

    def cost(self, x: Input, y: Tensor, noise: Noise) -> Tensor:
        return cross_entropy(self(x, noise), y)

    def error(self, x: Input, y: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
        logits_rbc = self(x, noise)
        wrong_rb = logits_rbc.argmax(-1) != y
        return cross_entropy(logits_rbc, y), wrong_rb.to(torch.float32).mean(1)


def cross_entropy(logits_rbc: Tensor, y: Tensor) -> Tensor:
    """Return the mean cross-entropy per member [R], computed in float32 or above."""
    log_p = F.log_softmax(widened(logits_rbc), dim=-1)
    picked = log_p.gather(-1, y.view(1, -1, 1).expand(log_p.shape[0], -1, 1))
    return -picked.squeeze(-1).mean(1)


def widened(x: Tensor) -> Tensor:
    """Return x in float32 or above: costs of bf16 layers are not computed in bf16."""
    return x.float() if x.dtype is torch.bfloat16 else x
