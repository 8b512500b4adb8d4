"""Fully connected network with ReLU hidden layers (section 6.2)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from adamrepro.models.initialize import Init
from adamrepro.models.layers import Input, Linear
from adamrepro.models.model import Classifier, ModelConfig
from adamrepro.models.noise import Noise
from adamrepro.ranges import rate, whole


@dataclass(kw_only=True)
class MlpConfig(ModelConfig):
    """Two hidden layers of 1000 ReLU units, with dropout rates for the input and hidden layers."""

    name: str = "mlp"
    init: Init = Init.fan_in
    hidden: int = whole(1000)
    dropout_input: float = rate(0.0)
    dropout_hidden: float = rate(0.0)

    cpu_members: ClassVar[int] = 4  # measured: a tenth cheaper a member than alone
    work: ClassVar[float] = 150.0

    def build(self, members: int, shape: torch.Size, classes: int) -> "Mlp":
        return Mlp(self, members, shape.numel(), classes)


class Mlp(Classifier):
    """features -> hidden -> hidden -> classes."""

    def __init__(self, config: MlpConfig, members: int, features: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.first = Linear(members, features, config.hidden)
        self.second = Linear(members, config.hidden, config.hidden)
        self.output = Linear(members, config.hidden, classes)

    def forward(self, x: Input, noise: Noise) -> Tensor:
        x = noise.drop(x, self.config.dropout_input)
        h_rbh = noise.drop(self.first(x).relu(), self.config.dropout_hidden)
        h_rbh = noise.drop(self.second(h_rbh).relu(), self.config.dropout_hidden)
        logits_rbc: Tensor = self.output(h_rbh)
        return logits_rbc
