"""What SFO reaches, and how fast."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import torch

from adamrepro.optim.sfo import SFO


def lbfgs_totals(problem, evaluations):
    """The lowest sum so far after each evaluation of all subfunctions: one is one pass."""
    lowest = []

    def total(theta):
        parts = [problem.cost(torch.from_numpy(theta), index) for index in problem.subfunctions]
        value = sum(float(part[0]) for part in parts)
        lowest.append(min([value, *lowest[-1:]]))
        return value, sum(part[1] for part in parts).numpy()

    options = {"maxfun": evaluations, "maxiter": evaluations, "ftol": 0.0, "gtol": 1e-12}
    scipy.optimize.minimize(
        total, problem.start.numpy(), jac=True, method="L-BFGS-B", options=options
    )
    return np.array(lowest)


@pytest.mark.parametrize(
    ("n", "m", "condition"),
    [
        (20, 10, 10.0),  # the subspace is the whole space
        (20, 5, 100.0),
        (20, 100, 10.0),  # it is not
        (50, 20, 10.0),
        (25, 300, 5.0),
    ],
)
def test_quadratics_to_the_minimum_in_ten_passes(quadratic, n, m, condition):
    problem = quadratic(n, m, condition)
    theta = SFO(problem.cost, problem.start, problem.subfunctions).optimize(num_passes=10)
    assert problem.total(theta) - problem.minimum < 1e-10


def test_rosenbrock(rosenbrock):
    theta = SFO(rosenbrock.cost, rosenbrock.start, rosenbrock.subfunctions).optimize(num_passes=20)
    torch.testing.assert_close(theta, torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-8)


def test_fewer_passes_than_lbfgs_on_logistic_regression(logistic):
    lbfgs = lbfgs_totals(logistic, 150)
    optimizer = SFO(logistic.cost, logistic.start, logistic.subfunctions)
    totals = [logistic.total(optimizer.optimize(num_passes=1)) for _ in range(15)]
    minimum = min(lbfgs[-1], *totals)
    assert totals[-1] - lbfgs[-1] < 1e-6 * lbfgs[-1]
    for gap in (10.0, 1.0, 1e-1):
        passes = next(k for k, value in enumerate(totals, 1) if value - minimum < gap)
        passes_lbfgs = next(k for k, value in enumerate(lbfgs, 1) if value - minimum < gap)
        assert passes < passes_lbfgs / 2


def test_autoencoder_of_the_authors(autoencoder):
    optimizer = SFO(autoencoder.cost, autoencoder.start, autoencoder.subfunctions)
    totals = [autoencoder.total(optimizer.optimize(num_passes=1)) for _ in range(20)]

    def full_batch(flat):
        theta = [part.view(s.shape) for part, s in zip(split(flat), autoencoder.start, strict=True)]
        parts = [autoencoder.cost(theta, index) for index in autoencoder.subfunctions]
        gradient = sum(torch.cat([g.reshape(-1) for g in part[1]]) for part in parts)
        return sum(float(part[0]) for part in parts), gradient.numpy()

    def split(flat):
        return torch.from_numpy(flat).split([t.numel() for t in autoencoder.start])

    start = torch.cat([t.reshape(-1) for t in autoencoder.start]).numpy()
    lbfgs = scipy.optimize.minimize(
        full_batch, start, jac=True, method="L-BFGS-B", options={"maxfun": 20}
    )
    # the data are white noise: 10 of 20 directions can be coded, half of the variance remains
    half = 0.5 * 20 * len(autoencoder.subfunctions)
    assert totals[2] < 0.1 * autoencoder.total(autoencoder.start)
    assert totals[19] < lbfgs.fun
    assert half < totals[19] < 1.1 * half


def test_one_subfunction_is_a_full_batch_quasi_newton_method(quadratic):
    problem = quadratic(1, 30, 10.0)
    optimizer = SFO(problem.cost, problem.start, problem.subfunctions)
    gaps = []
    while optimizer.evaluations < 60:
        optimizer.step()
        gaps.append(problem.total(optimizer.theta) - problem.minimum)
    # gradient descent with the best fixed step: a factor (9/11)^2 per evaluation
    assert min(gaps) < 1e-12
    assert min(gaps) < 1e-4 * gaps[0] * (9 / 11) ** 120
    # the latest pair is explained by the Hessian: the secant equation
    model = optimizer._model
    step, change = (store[: model.size, 0, 0] for store in (model.steps, model.changes))
    assert float((model.hessian() @ step - change).norm()) < 1e-6 * float(change.norm())


def test_hessian_is_positive_definite_at_every_step(autoencoder):
    optimizer = SFO(autoencoder.cost, autoencoder.start, autoencoder.subfunctions)
    for _ in range(120):
        optimizer.step()
        assert float(torch.linalg.eigvalsh(optimizer._model.hessian())[0]) > 0.0
    assert optimizer.collapses > 2


def test_float32_parameters(autoencoder):
    given = set()

    def cost(theta, index):
        given.update(tensor.dtype for tensor in theta)
        return autoencoder.cost(theta, index)

    start = [tensor.float() for tensor in autoencoder.start]
    theta = SFO(cost, start, autoencoder.subfunctions).optimize(num_passes=10)
    assert given == {torch.float32}
    assert [tensor.dtype for tensor in theta] == [torch.float32] * 3
    assert autoencoder.total([tensor.double() for tensor in theta]) < 115


@pytest.mark.gpu
def test_on_a_gpu(quadratic):
    problem = quadratic(20, 100)

    def cost(theta, index):
        assert theta.is_cuda
        value, gradient = problem.cost(theta.cpu(), index)
        return value, gradient.cuda()

    theta = SFO(cost, problem.start, problem.subfunctions, device="cuda").optimize(num_passes=10)
    assert problem.total(theta.cpu()) - problem.minimum < 1e-10


@pytest.mark.filterwarnings("error")
def test_the_example_of_the_page_minimises_its_cost():
    page = Path(__file__).parents[3] / "docs" / "sfo.md"
    [code] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    torch.manual_seed(0)
    made = {}
    exec(code, made)
    x, y, weight, bias = (made[key] for key in ("images", "labels", "weight", "bias"))
    mean = made["cross_entropy"](x @ weight + bias, y)
    gradients = made["cost_and_grad"]([weight, bias], (x, y))[1]
    assert mean < math.log(3)
    assert max(float(g.abs().max()) for g in gradients) < 1e-3
