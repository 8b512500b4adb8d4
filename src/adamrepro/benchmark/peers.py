"""What a user would write without this suite: a module, a DataLoader, torch.optim.Adam, a loop."""

import copy
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

from adamrepro.data import Dense, Sparse

Work = Callable[[int], None]
"""Trains for so many minibatches."""


def logistic(features: int, classes: int, dropout: float = 0.0) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, classes))


def mlp() -> nn.Module:
    """784-1000-1000-10 of section 6.2, with dropout."""
    sizes = [nn.Flatten(), nn.Dropout(0.2), nn.Linear(784, 1000), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(
        *sizes, nn.Linear(1000, 1000), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1000, 10)
    )


def convnet() -> nn.Module:
    """c64-c64-c128-1000 of section 6.3."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 64), (64, 64), (64, 128)):
        layers += [nn.Conv2d(inputs, outputs, 5, padding=2), nn.ReLU()]
        layers += [nn.MaxPool2d(3, stride=2, ceil_mode=True)]
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(2048, 1000), nn.ReLU(), nn.Linear(1000, 10)
    )


class PlainVae(nn.Module):
    """784-500-50-500-784 of section 6.4; its output is the negative bound, nats per image."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 500), nn.Softplus())
        self.mu, self.log_variance = nn.Linear(500, 50), nn.Linear(500, 50)
        self.decoder = nn.Sequential(nn.Linear(50, 500), nn.Softplus(), nn.Linear(500, 784))

    def forward(self, x: Tensor) -> Tensor:
        h = self.encoder(x)
        mu, log_variance = self.mu(h), self.log_variance(h)
        z = mu + (0.5 * log_variance).exp() * torch.randn_like(mu)
        image = F.binary_cross_entropy_with_logits(self.decoder(z), x.flatten(1), reduction="sum")
        kl = 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).sum()
        bound: Tensor = (image + kl) / len(x)
        return bound


def cost(model: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Return the cost of a minibatch: cross-entropy, or what the model gives where it is a cost."""
    out = model(x)
    return out if out.dim() == 0 else F.cross_entropy(out, y)


class DenseRows(Dataset[tuple[Tensor, Tensor]]):
    """Rows of a sparse matrix, each made dense as it is taken: all of them would need 1 GB."""

    def __init__(self, split: Sparse) -> None:
        self.split = split

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        start, end = int(self.split.crow[number]), int(self.split.crow[number + 1])
        row = torch.zeros(self.split.features)
        row[self.split.col[start:end].long()] = self.split.val[start:end]
        return row, self.split.y[number]


class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """Images through PIL and ToTensor, one by one, as torchvision's data sets give them."""

    def __init__(self, split: Dense) -> None:
        from PIL import Image
        from torchvision import transforms

        pixels = split.x if split.x.dtype is torch.uint8 else split.x.mul(255).to(torch.uint8)
        square = pixels.view(-1, 28, 28) if pixels.dim() == 2 else pixels.permute(0, 2, 3, 1)
        self.images, self.y = square.contiguous().numpy(), split.y
        self.picture, self.to_tensor = Image.fromarray, transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        return self.to_tensor(self.picture(self.images[number])), self.y[number]


def tensors(split: Dense | Sparse) -> Dataset[Any]:
    """Return a split as a TensorDataset in float32; one of sparse rows as `DenseRows`."""
    if isinstance(split, Sparse):
        return DenseRows(split)
    return TensorDataset(*split.batch(torch.arange(len(split))))


def minibatches(data: Dataset[Any], batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    loader = DataLoader(data, batch_size=batch_size, shuffle=True, drop_last=True)
    return chain.from_iterable(repeat(loader))


def plain_loop(model: nn.Module, data: Dataset[Any], batch_size: int) -> Work:
    """Return the loop over one model."""
    optimizer = torch.optim.Adam(model.parameters())
    batches = minibatches(data, batch_size)

    def train(steps: int) -> None:
        total = 0.0
        for _ in range(steps):
            x, y = next(batches)
            optimizer.zero_grad()
            loss = cost(model, x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item() * len(y)

    return train


def vmap_loop(model: nn.Module, members: int, data: Dataset[Any], batch_size: int) -> Work:
    """Return the ecosystem's own way to train many models at once: torch.func's ensembling.

    One optimizer holds the stacked parameters, so that all members share its hyper-parameters.
    """
    parameters, buffers = stack_module_state([copy.deepcopy(model) for _ in range(members)])
    optimizer = torch.optim.Adam(parameters.values())
    batches = minibatches(data, batch_size)

    def one(values: Any, x: Tensor, y: Tensor) -> Tensor:
        return cost(lambda x: functional_call(model, (values, buffers), (x,)), x, y)

    step = vmap(grad_and_value(one), in_dims=(0, None, None), randomness="same")

    def train(steps: int) -> None:
        total = 0.0
        for _ in range(steps):
            x, y = next(batches)
            gradients, losses = step(parameters, x, y)
            for name, value in parameters.items():
                value.grad = gradients[name]
            optimizer.step()
            total += float(losses.detach().sum()) * len(y)

    return train
