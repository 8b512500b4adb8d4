"""The loop against a plain one and against its own past; penalty and schedule."""

import math
from pathlib import Path

import pandas as pd
import pytest
import torch
from digits import TINY_MLP, digits, make_loop, make_population, rows
from torch import nn

from adamrepro.data import Dense
from adamrepro.models import Init
from adamrepro.models.logistic import LogisticConfig
from adamrepro.optim import SGD, AdaGrad, Adam, AdaMax, Decay, RMSProp, Schedule, Unit
from adamrepro.training import Precision, Training
from adamrepro.training.order import MinibatchOrder, Order
from adamrepro.training.streams import stream

GOLDEN = Path(__file__).parent / "golden.csv"


def test_equals_a_plain_loop() -> None:
    """torch's own layer, cost and optimizer over the same minibatches, pass by pass."""
    train, test = digits()
    training = Training(epochs=3, batch_size=48, precision=Precision.fp64)
    (curve,) = make_loop([Adam(alpha=0.01)], LogisticConfig(init=Init.normal), training).run()
    layer = nn.Linear(64, 10).double()
    init = make_population([Adam()], LogisticConfig(init=Init.normal)).parameters
    layer.weight.data.copy_(init[0][0].T)
    layer.bias.data.zero_()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
    order = MinibatchOrder(len(train), 48, Order.shuffled, stream(0, "order"))

    @torch.no_grad()
    def clean(split: Dense) -> tuple[float, float]:
        x, y = split.x.double() / 16, split.y
        logits = layer(x)
        wrong = (logits.argmax(1) != y).double().mean()
        return float(nn.functional.cross_entropy(logits, y)), float(wrong)

    expected: list[dict[str, float]] = [{"epoch": 0}]
    for epoch in (0, 1, 2, 3):
        if epoch:
            total = 0.0
            for _ in range(6):
                indices = order[order.advance()]
                x, y = train.x[indices].double() / 16, train.y[indices]
                cost = nn.functional.cross_entropy(layer(x), y)
                optimizer.zero_grad()
                cost.backward()
                optimizer.step()
                total += cost.item() * len(indices)
            mean = total / len(train)
            expected.append({"epoch": epoch, "train_cost": mean, "train_objective": mean})
        test_nll, test_error = clean(test)
        expected[-1] |= {"train_nll": clean(train)[0], "test_nll": test_nll}
        expected[-1]["test_error"] = test_error
    for found, wanted in zip(curve.rows, expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-6)


def golden_rows() -> list[dict[str, float | str]]:
    """Curves of every rule, with dropout, decay and a penalty."""
    cases = {
        "adam": [Adam(alpha=0.01), Adam(alpha=0.01, bias_correction=False, averaging=0.5)],
        "adagrad": [AdaGrad(alpha=0.1)],
        "adamax": [AdaMax(alpha=0.01)],
        "rmsprop": [RMSProp(alpha=0.01, momentum=0.5)],
        "sgd": [SGD(alpha=0.3)],
    }
    found: list[dict[str, float | str]] = []
    for name, rules in cases.items():
        loop = make_loop(
            rules,
            TINY_MLP,
            l2=[1e-3] * len(rules),
            schedule=Schedule(decay=Decay.sqrt, unit=Unit.epochs),
        )
        for member, curve in enumerate(rows(loop.run())):
            found += [{"case": f"{name} {member}", **row} for row in curve]
    return found


def test_golden_curves() -> None:
    """Numbers do not change unless that is meant: `python tests/training/test_loop.py`."""
    golden = pd.read_csv(GOLDEN)
    now = pd.DataFrame(golden_rows())[golden.columns]
    pd.testing.assert_frame_equal(now, golden, rtol=1e-5, check_dtype=False)


def test_objective_is_cost_plus_penalty_on_weights() -> None:
    """At the first step: lambda/2 |W|^2 of the initial weights; biases are not penalised."""
    training = Training(epochs=1, batch_size=250)
    config = LogisticConfig(init=Init.glorot)
    plain, penalised = make_loop([Adam(), Adam()], config, training, l2=[0.0, 0.7]).run()
    weight = make_population([Adam()], config).parameters[0]
    gap = penalised.rows[1]["train_objective"] - penalised.rows[1]["train_cost"]
    assert gap == pytest.approx(0.35 * weight.square().sum().item(), rel=1e-5)
    assert plain.rows[1]["train_objective"] == plain.rows[1]["train_cost"]
    assert plain.rows[1]["train_cost"] == pytest.approx(penalised.rows[1]["train_cost"], rel=1e-6)


def test_penalty_pulls_weights_alone() -> None:
    population = make_population([SGD(alpha=1.0, momentum=0.0)], TINY_MLP, l2=[0.1])
    for parameter in population.parameters:
        parameter.data.fill_(1.0)
    gradient = [torch.zeros_like(p) for p in population.parameters]
    penalties = [population.l2 if ok else None for ok in population.is_penalized]
    c = population.rule.coefficients(population.hyper, 1)
    with torch.no_grad():
        population.update(population.parameters, gradient, population.states, penalties, c)
    for name, parameter in population.model.named_parameters():
        expected = 0.9 if name.endswith("weight") else 1.0
        assert torch.equal(parameter, torch.full_like(parameter, expected)), name


@pytest.mark.parametrize("decay", [Decay.constant, Decay.sqrt])
@pytest.mark.parametrize("unit", Unit)
def test_schedule_counts_steps_or_epochs(decay: Decay, unit: Unit) -> None:
    """With gradient steps of alpha_t g, the schedule can be read off the parameters."""
    schedule = Schedule(decay=decay, unit=unit)
    loop = make_loop([SGD(alpha=1e-3, momentum=0.0, nesterov=False)], schedule=schedule)
    bias = loop.population.parameters[1]
    for step in range(1, 13):
        epoch = (step - 1) // 6 + 1
        before = bias.detach().clone()
        loop.step()
        if loop.steps_in_pass == 6:
            loop.end_pass()
        t = {Unit.steps: step, Unit.epochs: epoch}[unit]
        factor = 1.0 if decay is Decay.constant else 1 / math.sqrt(t)
        velocity = loop.population.states[1].velocity  # lookahead, no momentum: alpha_t g
        torch.testing.assert_close(before - bias, velocity, rtol=1e-4, atol=1e-9)
        gradient = velocity / (1e-3 * factor)
        assert gradient.abs().max() < 2
        assert loop.population.schedule.factor(step, epoch) == factor


if __name__ == "__main__":
    torch.set_num_threads(1)
    pd.DataFrame(golden_rows()).to_csv(GOLDEN, index=False, float_format="%.8g")
