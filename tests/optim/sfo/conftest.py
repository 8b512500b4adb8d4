"""Sums of functions with known answers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn import functional

Cost = Callable[[Tensor, int], tuple[Tensor, Tensor]]


@dataclass
class Problem:
    cost: Cost
    start: Tensor
    subfunctions: range

    def total(self, theta: Tensor) -> float:
        return sum(float(self.cost(theta, index)[0]) for index in self.subfunctions)


@dataclass
class Quadratic(Problem):
    minimum: float = 0.0
    minimiser: Tensor | None = None


def make_quadratic(n: int, m: int, condition: float = 10.0, seed: int = 0) -> Quadratic:
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.logspace(0, math.log10(condition), m, dtype=torch.float64)
    a, b = [], torch.randn(n, m, generator=generator, dtype=torch.float64)
    for _ in range(n):
        q = torch.linalg.qr(torch.randn(m, m, generator=generator, dtype=torch.float64)).Q
        a.append((q * spectrum) @ q.T)
    minimiser = torch.linalg.solve(sum(a), b.sum(dim=0))

    def cost(theta: Tensor, index: int) -> tuple[Tensor, Tensor]:
        a_theta = a[index] @ theta
        return 0.5 * theta @ a_theta - b[index] @ theta, a_theta - b[index]

    problem = Quadratic(cost, torch.ones(m, dtype=torch.float64), range(n))
    problem.minimiser = minimiser
    problem.minimum = problem.total(minimiser)
    return problem


def make_logistic(n: int = 25, examples: int = 2000, m: int = 50) -> Problem:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(examples, m, generator=generator, dtype=torch.float64)
    x *= torch.logspace(-1, 0.5, m, dtype=torch.float64)
    truth = x @ torch.randn(m, generator=generator, dtype=torch.float64)
    chance = torch.rand(examples, generator=generator, dtype=torch.float64)
    y = (chance < truth.sigmoid()).double()

    def cost(theta: Tensor, index: int) -> tuple[Tensor, Tensor]:
        part, label = x[index::n], y[index::n]
        z = part @ theta
        value = (functional.softplus(z) - label * z).sum() + 5e-3 * theta @ theta
        return value, part.T @ (z.sigmoid() - label) + 1e-2 * theta

    return Problem(cost, torch.zeros(m, dtype=torch.float64), range(n))


def make_rosenbrock(n: int) -> Problem:
    """The sum is a Rosenbrock function, minimum 0 at (1, 1); its parts differ in steepness."""
    generator = torch.Generator().manual_seed(0)
    steepness = 10.0 * (1 + 0.3 * torch.randn(n, generator=generator, dtype=torch.float64))

    def cost(theta: Tensor, index: int) -> tuple[Tensor, Tensor]:
        a, b, c = theta[0], theta[1], steepness[index]
        gradient = torch.stack([-4 * c * a * (b - a**2) - 2 * (1 - a), 2 * c * (b - a**2)])
        return (c * (b - a**2) ** 2 + (1 - a) ** 2) / n, gradient / n

    return Problem(cost, torch.tensor([-1.2, 1.0], dtype=torch.float64), range(n))


@dataclass
class Autoencoder:
    """Sigmoid, tied weights, random data: the example of the authors' README, smaller."""

    cost: Callable[[list[Tensor], int], tuple[Tensor, list[Tensor]]]
    start: list[Tensor]
    subfunctions: range

    def total(self, theta: Sequence[Tensor]) -> float:
        return sum(float(self.cost(list(theta), index)[0]) for index in self.subfunctions)


def make_autoencoder(examples: int = 10_000, visible: int = 20, hidden: int = 10) -> Autoencoder:
    generator = torch.Generator().manual_seed(0)
    n = int(math.sqrt(examples) / 10)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    data = normal(visible, examples)
    start = [normal(hidden, visible), normal(hidden, 1), normal(visible, 1)]

    def cost(theta: list[Tensor], index: int) -> tuple[Tensor, list[Tensor]]:
        parameters = [tensor.detach().requires_grad_() for tensor in theta]
        weight, bias_hidden, bias_visible = parameters
        part = data[:, index::n].to(weight.dtype)
        code = (weight @ part + bias_hidden).sigmoid()
        value = (weight.T @ code + bias_visible - part).square().sum() / part.shape[1]
        return value.detach(), list(torch.autograd.grad(value, parameters))

    return Autoencoder(cost, start, range(n))


@pytest.fixture
def quadratic() -> Callable[..., Quadratic]:
    return make_quadratic


@pytest.fixture
def logistic() -> Problem:
    return make_logistic()


@pytest.fixture
def rosenbrock() -> Problem:
    return make_rosenbrock(10)


@pytest.fixture
def autoencoder() -> Autoencoder:
    return make_autoencoder()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
