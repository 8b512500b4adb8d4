"""Initial parameters: drawn once, the same for every member of a population."""

import math
from enum import Enum

import torch
from torch import Tensor, nn

from adamrepro.models.layers import Conv2d, Linear


class Init(Enum):
    """Distribution of the initial weights; fan_in and fan_out count inputs and outputs."""

    zeros = "zeros"
    fan_in = "fan_in"  # N(0, 1/fan_in)
    he = "he"  # N(0, 2/fan_in), He et al. 2015
    glorot = "glorot"  # U(-a, a), a = sqrt(6/(fan_in + fan_out)), Glorot & Bengio 2010
    normal = "normal"  # N(0, std^2)


def initialize(
    module: nn.Module,
    init: Init,
    generator: torch.Generator,
    *,
    std: float = 0.01,
    bias_std: float = 0.0,
) -> None:
    """Draw weights, and biases from N(0, bias_std^2), layer by layer in order of definition."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, (Linear, Conv2d)):
                layer.weight.copy_(draw(layer, init, generator, std).expand_as(layer.weight))
                bias = torch.randn(layer.bias.shape[1:], generator=generator) * bias_std
                layer.bias.copy_(bias.expand_as(layer.bias))


def draw(layer: Linear | Conv2d, init: Init, generator: torch.Generator, std: float) -> Tensor:
    """Draw the weight of one member, without the member axis."""
    shape = layer.weight.shape[1:]
    receptive = math.prod(shape[2:])
    fan_out, fan_in = (
        (shape[0] * receptive, shape[1] * receptive)
        if isinstance(layer, Conv2d)
        else (shape[1], shape[0])
    )
    if init is Init.zeros:
        return torch.zeros(shape)
    if init is Init.glorot:
        limit = math.sqrt(6 / (fan_in + fan_out))
        return torch.empty(shape).uniform_(-limit, limit, generator=generator)
    scale = {
        Init.fan_in: math.sqrt(1 / fan_in),
        Init.he: math.sqrt(2 / fan_in),
        Init.normal: std,
    }[init]
    return torch.randn(shape, generator=generator) * scale
