"""c64-c64-c128-1000 convolutional network (section 6.3)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adamrepro.errors import require
from adamrepro.models.initialize import Init, draw
from adamrepro.models.layers import Conv2d, Linear, split_members
from adamrepro.models.model import Classifier, ModelConfig
from adamrepro.models.noise import Noise
from adamrepro.ranges import positive, rate, whole


@dataclass(kw_only=True)
class ConvNetConfig(ModelConfig):
    """Three stages of 5x5 convolution, ReLU, 3x3 max pooling with stride 2; 1000 ReLU units.

    first_std: standard deviation of the first stage's weights; null is like the others.
    dropout_input: of pixels. dropout_hidden: of the units of the fully connected layer.
    """

    name: str = "convnet"
    init: Init = Init.he
    first_std: float | None = positive(None)
    hidden: int = whole(1000)
    dropout_input: float = rate(0.0)
    dropout_hidden: float = rate(0.0)

    work: ClassVar[float] = 2500.0

    def build(self, members: int, shape: torch.Size, classes: int) -> "ConvNet":
        require(len(shape) == 3, "model", self.name, f"examples [C, H, W]; these are {[*shape]}")
        return ConvNet(self, members, shape, classes)

    def initialize(self, model: nn.Module, generator: torch.Generator) -> None:
        super().initialize(model, generator)
        if self.first_std is not None:
            first = next(layer for layer in model.modules() if isinstance(layer, Conv2d))
            weight = draw(first, Init.normal, generator, self.first_std)
            first.weight.data.copy_(weight.expand_as(first.weight))


class ConvNet(Classifier):
    """Images [B, C, H, W] -> 64 -> 64 -> 128 feature maps -> hidden -> classes.

    "Same" convolutions and ceil-mode pooling take 32 to 16, 8 and 4: 2048 features.
    """

    def __init__(
        self, config: ConvNetConfig, members: int, shape: torch.Size, classes: int
    ) -> None:
        super().__init__()
        self.config = config
        channels, height, width = shape
        widths = [channels, 64, 64, 128]
        self.stages = nn.ModuleList(
            Conv2d(members, inputs, outputs, kernel=5) for inputs, outputs in pairwise(widths)
        )
        for _ in self.stages:
            height, width = pooled(height), pooled(width)
        self.hidden = Linear(members, widths[-1] * height * width, config.hidden)
        self.output = Linear(members, config.hidden, classes)

    def forward(self, x: Tensor, noise: Noise) -> Tensor:  # type: ignore[override]
        x = noise.drop(x, self.config.dropout_input).contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            # the maximum of the ReLUs is the ReLU of the maximum, on a quarter of the numbers
            x = F.max_pool2d(stage(x), kernel_size=3, stride=2, ceil_mode=True).relu()
        features_rbf = split_members(x, self.output.weight.shape[0])
        h_rbh = noise.drop(self.hidden(features_rbf).relu(), self.config.dropout_hidden)
        logits_rbc: Tensor = self.output(h_rbh)
        return logits_rbc


def pooled(size: int) -> int:
    """Return the side after 3x3 max pooling with stride 2 in ceil mode."""
    return -(-(size - 3) // 2) + 1
