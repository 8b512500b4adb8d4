"""A small case of every model, and ways to look at its cost."""

from dataclasses import dataclass

import torch
from torch import Tensor

from adamrepro.models import MODELS, Init, Model, ModelConfig, Noise
from adamrepro.models.convnet import ConvNetConfig
from adamrepro.models.layers import Input
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig
from adamrepro.models.vae import VaeConfig


@dataclass(frozen=True)
class Rows:
    """A sparse minibatch as models know it."""

    crow: Tensor
    col: Tensor
    val: Tensor


@dataclass(frozen=True)
class Case:
    """A model with small layers, without noise and with it, and the shape of its inputs."""

    config: ModelConfig
    noisy: ModelConfig
    shape: tuple[int, ...]


CASES = {
    "logistic": Case(
        LogisticConfig(init=Init.normal), LogisticConfig(init=Init.normal, dropout_input=0.5), (12,)
    ),
    "mlp": Case(
        MlpConfig(hidden=9), MlpConfig(hidden=9, dropout_input=0.2, dropout_hidden=0.5), (12,)
    ),
    "convnet": Case(
        ConvNetConfig(hidden=9),
        ConvNetConfig(hidden=9, dropout_input=0.2, dropout_hidden=0.5),
        (2, 12, 9),
    ),
    "vae": Case(VaeConfig(hidden=9, latent=3, bias_std=0.1), VaeConfig(binarize=True), (12,)),
}
EVERY_MODEL = sorted(MODELS)
CLASSES = 4
EXAMPLES = 6


def build(config: ModelConfig, shape: tuple[int, ...], members: int, *, same: bool) -> Model:
    """A model in float64, initialised; members shaken apart unless `same`."""
    model = config.build(members, torch.Size(shape), CLASSES)
    config.initialize(model, torch.Generator().manual_seed(0))
    model.double()
    if not same:
        shake = torch.Generator().manual_seed(1)
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn(
                parameter.shape, generator=shake, dtype=torch.float64
            )
    return model


def member(model: Model, alone: Model, row: int) -> Model:
    """Put one member's parameters into a model of one."""
    for own, theirs in zip(alone.parameters(), model.parameters(), strict=True):
        own.data.copy_(theirs.data[row : row + 1])
    return alone


def examples(shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Minibatch (x float64 in [0, 1], y): one that looks like pixels."""
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(EXAMPLES, *shape, generator=generator, dtype=torch.float64)
    return x, torch.arange(EXAMPLES) % CLASSES


def sparse(x: Tensor) -> Rows:
    """The same minibatch as sparse rows; empty rows included."""
    row, col = x.nonzero(as_tuple=True)
    ends = torch.bincount(row, minlength=len(x)).cumsum(0)
    return Rows(torch.cat([ends.new_zeros(1), ends]), col, x[row, col].float())


def noise(seed: int = 3, *, dropout: bool = True) -> Noise:
    return Noise(torch.Generator().manual_seed(seed), dropout=dropout)


def gradients(model: Model, x: Input, y: Tensor) -> list[Tensor]:
    cost = model.cost(x, y, noise())
    return list(torch.autograd.grad(cost.sum(), list(model.parameters())))
