"""Clean costs, averaged parameters, and other arithmetic."""

from contextlib import suppress

import pytest
import torch
from digits import TINY_MLP, digits, evaluation_noise, make_loop, make_population, rows

from adamrepro.data import Dense, Sparse
from adamrepro.models.vae import VaeConfig
from adamrepro.optim import Adam, ScheduleFree
from adamrepro.training import Members, Precision, Training


def test_clean_costs_are_taken_when_due() -> None:
    training = Training(epochs=5, batch_size=125, evaluate_every=3)
    (curve,) = make_loop([Adam()], training=training).run()
    assert [row["epoch"] for row in curve.rows] == [0, 1, 2, 3, 4, 5]
    assert [row["epoch"] for row in curve.rows if "train_nll" in row] == [0, 3, 5]
    assert [row["epoch"] for row in curve.rows if "train_cost" in row] == [1, 2, 3, 4, 5]


def test_evaluation_is_over_the_whole_split_in_any_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    population = make_population([Adam(), Adam()], TINY_MLP)
    train, _ = digits()
    cost, error = population.evaluate(train, seed=0)
    x, y = train.batch(torch.arange(len(train)))
    whole, wrong = population.model.error(x, y, evaluation_noise())
    for chunk in (1000, 250, 7, 1):
        monkeypatch.setattr(Members, "CHUNK", chunk)
        cost, error = population.evaluate(train, seed=0)
        torch.testing.assert_close(cost.float(), whole, rtol=1e-6, atol=0)
        assert error is not None
        torch.testing.assert_close(error.float(), wrong, rtol=1e-6, atol=1e-7)


def test_evaluating_more_often_changes_no_training() -> None:
    """Evaluation draws from a stream of its own, which starts anew at every call."""
    for model in (TINY_MLP, VaeConfig(hidden=5, latent=2, binarize=True)):
        often, seldom = (
            make_loop([Adam()], model, Training(epochs=4, batch_size=50, evaluate_every=every))
            for every in (1, 4)
        )
        (a,), (b,) = rows(often.run()), rows(seldom.run())
        assert [row["train_cost"] for row in a[1:]] == [row["train_cost"] for row in b[1:]]
        assert a[4] == b[4]


def test_averaging_moves_the_evaluation_alone() -> None:
    training = Training(epochs=2, batch_size=50)
    plain = make_loop([Adam(alpha=0.05)], training=training)
    averaged = make_loop([Adam(alpha=0.05, averaging=0.9)], training=training)
    (a,), (b,) = rows(plain.run()), rows(averaged.run())
    assert [r["train_cost"] for r in a[1:]] == [r["train_cost"] for r in b[1:]]
    assert a[0] == b[0]
    assert a[2]["train_nll"] != b[2]["train_nll"]
    for own, other in zip(plain.population.parameters, averaged.population.parameters, strict=True):
        assert torch.equal(own, other)  # evaluation put theta back


@pytest.mark.parametrize("rule", [Adam, ScheduleFree])
def test_averaged_evaluation_is_of_the_averaged_parameters(
    rule: type[Adam] | type[ScheduleFree],
) -> None:
    """Of those at which the rule evaluates costs: theta, or schedule-free's x."""
    train, _ = digits()
    rules = [rule(alpha=0.05, averaging=0.5)]
    loop = make_loop(rules, training=Training(epochs=1, batch_size=50))
    thetas = []
    while loop.steps_in_pass < loop.steps_per_epoch:
        loop.step()
        thetas.append([place.clone() for place in loop.population.places()])
    found, _ = loop.population.evaluate(train, seed=0)
    weights = [0.5 ** (len(thetas) - 1 - i) for i in range(len(thetas))]
    mean = make_population([Adam()])
    for row, parameter in enumerate(mean.parameters):
        total = sum(w * theta[row] for w, theta in zip(weights, thetas, strict=True))
        parameter.data.copy_(total / sum(weights))  # type: ignore[arg-type]
    expected, _ = mean.evaluate(train, seed=0)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def test_a_rule_is_evaluated_at_its_own_place() -> None:
    """Schedule-free trains at y and is evaluated at x, which is neither y nor in its way."""
    train, _ = digits()
    often, seldom = (
        make_loop(
            [ScheduleFree(alpha=0.05)],
            TINY_MLP,
            Training(epochs=3, batch_size=50, evaluate_every=every),
        )
        for every in (1, 3)
    )
    (a,), (b,) = rows(often.run()), rows(seldom.run())
    assert [r["train_cost"] for r in a[1:]] == [r["train_cost"] for r in b[1:]]
    found, _ = often.population.evaluate(train, seed=0)
    copy = make_population([Adam()], TINY_MLP)
    for parameter, place in zip(copy.parameters, often.population.places(), strict=True):
        parameter.data.copy_(place)
    at_x, _ = copy.evaluate(train, seed=0)
    for parameter, theta in zip(copy.parameters, often.population.parameters, strict=True):
        parameter.data.copy_(theta)
    at_y, _ = copy.evaluate(train, seed=0)
    assert torch.equal(found, at_x)
    assert not torch.isclose(at_x, at_y, rtol=1e-2).any()


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_an_evaluation_that_fails_leaves_theta_where_it_was(averaging: float) -> None:
    rule = ScheduleFree(alpha=0.05, averaging=averaging)
    loop = make_loop([rule], TINY_MLP, Training(epochs=1, batch_size=50))
    loop.run()
    before = [parameter.clone() for parameter in loop.population.parameters]
    with suppress(MemoryError), torch.no_grad(), loop.population.evaluated():
        moved = zip(before, loop.population.parameters, strict=True)
        assert not all(torch.equal(old, new) for old, new in moved)
        raise MemoryError
    for old, new in zip(before, loop.population.parameters, strict=True):
        assert torch.equal(old, new)


def test_precision() -> None:
    curves = {}
    for precision in (Precision.fp64, Precision.fp32, Precision.tf32, Precision.bf16):
        training = Training(epochs=2, batch_size=50, precision=precision)
        loop = make_loop([Adam(alpha=0.01)], TINY_MLP, training)
        curves[precision] = [row["train_cost"] for row in loop.run()[0].rows[1:]]
        wanted = torch.float64 if precision is Precision.fp64 else torch.float32
        tensors = [*loop.population.parameters, *loop.population.states[0]]
        assert {tensor.dtype for tensor in tensors} == {wanted}
    assert curves[Precision.fp32] == pytest.approx(curves[Precision.fp64], rel=1e-5)
    assert curves[Precision.tf32] == curves[Precision.fp32]  # on a CPU
    assert curves[Precision.bf16] == pytest.approx(curves[Precision.fp64], rel=0.03)
    assert curves[Precision.bf16] != curves[Precision.fp32]


@pytest.mark.parametrize("precision", [Precision.fp32, Precision.fp64, Precision.bf16])
def test_sparse_examples_train_as_dense_ones(precision: Precision) -> None:
    def sparse(dense: Dense) -> Sparse:
        x, y = dense.batch(torch.arange(len(dense)))
        counts = (x != 0).sum(1)
        crow = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        return Sparse(crow=crow, col=x.nonzero()[:, 1].int(), val=x[x != 0], y=y, features=64)

    train, test = digits()
    training = Training(epochs=2, batch_size=50, precision=precision)
    (dense,) = make_loop([Adam(alpha=0.01)], training=training).run()
    (found,) = make_loop(
        [Adam(alpha=0.01)], training=training, train=sparse(train), test=sparse(test)
    ).run()
    rel = {Precision.fp64: 1e-12, Precision.fp32: 1e-5, Precision.bf16: 0.02}[precision]
    for one, other in zip(found.rows, dense.rows, strict=True):
        assert one == pytest.approx(other, rel=rel)
