"""Multi-class logistic regression (section 6.1)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from adamrepro.models.initialize import Init
from adamrepro.models.layers import Input, Linear
from adamrepro.models.model import Classifier, ModelConfig
from adamrepro.models.noise import Noise
from adamrepro.ranges import rate


@dataclass(kw_only=True)
class LogisticConfig(ModelConfig):
    """Softmax regression; dropout_input is the rate of dropout noise on the features."""

    name: str = "logistic"
    init: Init = Init.zeros
    dropout_input: float = rate(0.0)

    cpu_members: ClassVar[int] = 64

    def build(self, members: int, shape: torch.Size, classes: int) -> "Logistic":
        return Logistic(members, shape.numel(), classes, self.dropout_input)


class Logistic(Classifier):
    """x -> softmax(x W + b), W [R, features, classes]."""

    def __init__(self, members: int, features: int, classes: int, dropout_input: float) -> None:
        super().__init__()
        self.dropout_input = dropout_input
        self.output = Linear(members, features, classes)

    def forward(self, x: Input, noise: Noise) -> Tensor:
        logits_rbc: Tensor = self.output(noise.drop(x, self.dropout_input))
        return logits_rbc
