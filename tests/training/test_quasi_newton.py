"""SFO in the loop: as when called by itself, in passes of evaluations, resumed bit for bit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from digits import TINY_MLP, digits, rows, run_in_pieces

from adamrepro.errors import UserError
from adamrepro.models import Noise
from adamrepro.models.mlp import MlpConfig
from adamrepro.optim import SFO, SfoSettings
from adamrepro.training import Checkpoint, Loop, Order, QuasiNewton, Task, Training
from listening import StopWhen

QUIET = MlpConfig(hidden=12)
TRAINING = Training(epochs=4, batch_size=25, order=Order.once)  # 10 minibatches


def make(
    model: MlpConfig = QUIET, l2: float = 0.0, settings: SfoSettings | None = None, **options: Any
) -> Loop:
    train, test = digits()
    task = Task(model=model, shape=train.shape, classes=10, seed=0)
    members = QuasiNewton(task, settings or SfoSettings(), l2, minibatches=10)
    return Loop(members, train, test, TRAINING, 0, **options)


def test_equals_sfo_called_by_itself() -> None:
    """The same minibatches, a cost written anew, the penalty in it; pass by pass."""
    l2 = 1e-2
    loop = make(l2=l2)
    (curve,) = loop.run()
    model = make().population.model
    fresh = make()
    noise = Noise(torch.Generator())
    weights = [name.endswith("weight") for name, _ in model.named_parameters()]

    def cost_and_grad(theta: list[torch.Tensor], number: int) -> Any:
        values = [t.clone().requires_grad_() for t in theta]
        named = dict(zip([n for n, _ in model.named_parameters()], values, strict=True))
        x, y = fresh.minibatches[number]
        logits = torch.func.functional_call(model, named, (x, noise))
        cost = torch.nn.functional.cross_entropy(logits[0], y)
        penalty = sum((v**2).sum() for v, w in zip(values, weights, strict=True) if w)
        objective = cost.double() + l2 / 2 * penalty
        return objective.detach(), list(torch.autograd.grad(objective, values))

    theta = [p.detach() for p in fresh.population.parameters]
    sfo = SFO(cost_and_grad, theta, range(10), seed=0)
    seen = []
    while sfo.evaluations < 10:
        before = sfo.evaluations
        seen.append((sfo.step(), sfo.evaluations - before))
    first = curve.rows[1]
    mean = sum(value for value, _ in seen) / len(seen)
    assert first["train_objective"] == pytest.approx(mean, rel=1e-4)
    assert first["train_cost"] < first["train_objective"]
    assert curve.rows[-1]["train_nll"] < 0.7 * curve.rows[0]["train_nll"]


def test_a_pass_is_as_many_evaluations_as_minibatches() -> None:
    loop = make()
    loop.run()
    population = loop.population
    assert isinstance(population, QuasiNewton)
    # the last step of a pass may evaluate more than once: what is over counts in the next pass
    assert population.sfo.evaluations == 4 * 10 + loop.steps_in_pass
    assert loop.steps_in_pass < 10


@pytest.mark.parametrize("pieces", [[1], [3, 9], [10], [2, 2, 2, 30]])
def test_resumes_bit_for_bit(tmp_path: Path, pieces: list[int]) -> None:
    checkpoint = Checkpoint(tmp_path / "c", "me")

    def again(stop: Callable[[], bool]) -> Loop:
        return make(checkpoint=checkpoint, listener=StopWhen(stop))

    found, whole = run_in_pieces(again, pieces), make()
    whole.run()
    assert json.dumps(rows(found.curves)) == json.dumps(rows(whole.curves))
    for ours, theirs in zip(found.population.parameters, whole.population.parameters, strict=True):
        assert torch.equal(ours, theirs)


def test_dropout_is_refused_unless_allowed() -> None:
    with pytest.raises(UserError, match="cost without noise"):
        make(TINY_MLP).run()
    (curve,) = make(TINY_MLP, settings=SfoSettings(allow_noise=True)).run()
    assert len(curve.rows) == TRAINING.epochs + 1
