"""What the small experiments measure, against what can be worked out by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from smoke_data import data_of

from adamrepro.models import MlpConfig
from adamrepro.optim import Adam, AdaMax
from adamrepro.theory import (
    adagrad_limit,
    adamax_bound,
    bias_estimate,
    regret,
    scale_free,
    step_bound,
)
from adamrepro.theory.search import largest, searched
from adamrepro.theory.tracing import Layer, trained
from adamrepro.theory.walk import normal, places, walk


@pytest.mark.parametrize(("beta1", "beta2"), step_bound.SETTINGS)
def test_cauchy_schwarz_is_taken_by_its_own_gradients(beta1: float, beta2: float) -> None:
    """g_i proportional to (beta1/beta2)^(t-i): the largest ratio there is."""
    steps = 30
    back = torch.arange(steps - 1, -1, -1, dtype=torch.float64)
    g = (beta1 / beta2) ** back
    rule = Adam(alpha=1.0, beta1=beta1, beta2=beta2, eps=0.0)
    last = [step for step, _ in walk([rule], g.view(-1, 1, 1))][-1]
    assert float(last.abs()) == pytest.approx(step_bound.cauchy_schwarz(beta1, beta2, steps))


def test_the_printed_bound_has_two_cases() -> None:
    assert step_bound.printed(0.9, 0.999) == pytest.approx(0.1 / math.sqrt(0.001))
    assert step_bound.printed(0.9, 0.99) == 1.0
    assert step_bound.printed(0.95, 0.99) == 1.0


def test_search_passes_the_printed_bound_and_stays_below_the_exact_one() -> None:
    rule = Adam(alpha=1.0, eps=0.0)
    found = searched(rule, 1, steps=20, rounds=100, tries=32, after=10_000)
    assert step_bound.printed(0.9, 0.999) < found
    assert found <= step_bound.cauchy_schwarz(0.9, 0.999, 10_020)


def test_one_gradient_after_silence_meets_the_printed_bound() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    found = float(largest(Adam(alpha=1.0, eps=0.0), one, after=100_000)[0])
    assert found == pytest.approx(step_bound.printed(0.9, 0.999), rel=1e-9)
    assert float(largest(Adam(alpha=0.1, eps=0.0), one)[0]) == pytest.approx(1.0)


@pytest.mark.parametrize(("beta1", "beta2"), adamax_bound.SETTINGS)
def test_adamaxs_bound_is_taken_by_shrinking_gradients(beta1: float, beta2: float) -> None:
    steps = 25
    g = beta2 ** torch.arange(steps, dtype=torch.float64)
    found = float(largest(AdaMax(alpha=1.0, beta1=beta1, beta2=beta2), g.view(-1, 1))[0])
    exact = max(adamax_bound.bound(beta1, beta2, t) for t in range(1, steps + 1))
    assert found == pytest.approx(exact)
    assert exact > 1


def test_scale_free_is_exact_but_for_rounding_and_eps() -> None:
    table = scale_free.run(1, steps=50, coordinates=10).set_index(["eps", "scale"])["change"]
    assert table.loc[0.0].max() < 1e-14
    assert table.loc[(1e-8, 1e-10)] > 0.5
    assert table.loc[(1e-8, 1e4)] < 1e-4
    g = normal(0, 20, 1, 5)
    assert torch.equal(places([Adam(eps=0.0)], 4 * g), places([Adam(eps=0.0)], g))


def test_v_is_biased_as_section_3_says() -> None:
    table = bias_estimate.run(1, steps=300, chains=20_000)
    last = table[table["t"] == 300].set_index(["gradients", "beta2"])["ratio"]
    assert last.loc[("stationary", 0.999)] == pytest.approx(1.0, abs=0.01)
    # E[g^2] falls as q^t: v_t / E[g_t^2] is a geometric sum
    beta2, q = 0.999, 0.5 ** (1 / bias_estimate.HALVED)
    exact = sum((1 - beta2) * (beta2 / q) ** k for k in range(300)) / (1 - beta2**300)
    assert last.loc[("drifting", 0.999)] == pytest.approx(exact, rel=0.01)


def test_adagrads_limit_closes_in_step() -> None:
    table = adagrad_limit.run(1, steps=50, coordinates=10)
    gaps = table[table["bias_correction"]].set_index("rest")["gap"]
    assert gaps[1e-6] / gaps[1e-8] == pytest.approx(100, rel=0.05)
    first = table[~table["bias_correction"]].set_index("rest")["first_step"]
    assert first[1e-4] == pytest.approx(100, rel=1e-6)


def test_hindsight_is_logistic_regression() -> None:
    x, truth = normal(0, 300, 4), normal(1, 4)
    y = torch.where(torch.rand(300) < torch.sigmoid(x @ truth), 1.0, -1.0).double().numpy()
    best = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    best.fit(x.numpy(), y)
    margin = y * (x.numpy() @ best.coef_[0])
    cost = float(np.logaddexp(0, -margin).sum())
    assert regret.least_cost(x.numpy(), y) == pytest.approx(cost, rel=1e-6)


def test_adam_fails_on_the_counterexample_and_forgives_with_a_long_memory() -> None:
    rows = [row for row in regret.reddi("adam", 1, 3000) if row["T"] == 3000 and row["period"] == 3]
    last = {(row["beta1"], row["beta2"]): row["average_regret"] for row in rows}
    assert last[(0.0, 0.1)] > 0.8
    assert last[(0.9, 0.999)] < 0.05


def test_traced_numbers_are_those_of_the_last_steps() -> None:
    data = data_of("annealing")
    assert data is not None
    model, rule = MlpConfig(hidden=8), Adam(alpha=0.01)
    passes = list(trained(model, rule, data, 1, epochs=2, looks=1))
    assert [done.epoch for done in passes] == [1, 2]
    assert passes[1].cost < passes[0].cost
    for layer in passes[1].looks[0]:
        # |step| / alpha is |m_hat| / (sqrt(v_hat) + eps); parameters are float32
        expected = layer.snr * layer.root / (layer.root + rule.eps)
        assert float(layer.step.mean()) == pytest.approx(float(expected.mean()), rel=1e-2)
    first = passes[1].looks[0][0]
    assert first.silent > 0, "black border pixels never have a gradient"


def test_silent_coordinates_count_as_below_eps() -> None:
    root = torch.tensor([1e-9, 1e-7, 1e-3])
    layer = Layer("first", root, root, root, silent=1)
    assert layer.below(1e-8) == 0.5
