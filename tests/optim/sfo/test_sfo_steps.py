"""What SFO does step by step: order, failures, limits, state, wrong use."""

import math

import pytest
import torch

from adamrepro.errors import UserError
from adamrepro.optim.sfo import SFO


def walk(optimizer, steps):
    return [optimizer.step() for _ in range(steps)]


def test_two_are_active_first_and_each_is_seen_twice_before_the_next(quadratic):
    problem = quadratic(8, 20)
    order = []

    def cost(theta, index):
        order.append(index)
        return problem.cost(theta, index)

    optimizer = SFO(cost, problem.start, problem.subfunctions, allow_noise=True)
    assert optimizer.active == 2
    optimizer.optimize(num_passes=6)
    assert optimizer.active == 8
    assert order[0] == order[1] != order[2] == order[3]
    first_seen = [order.index(index) for index in range(8)]
    assert all(order[place] == order[place + 1] for place in first_seen)


def test_the_farthest_comes_next(quadratic):
    problem = quadratic(10, 30)
    optimizer = SFO(problem.cost, problem.start, problem.subfunctions)
    optimizer.optimize(num_passes=4)
    model = optimizer._model
    chosen = {True: 0, False: 0}
    for _ in range(40):
        here = optimizer._surrogate.here.coordinates
        by_total = int(model.distances(here, model.hessian()).argmax())
        by_own = int(model.distances(here, None).argmax())
        seen = model.observations.clone()
        optimizer.step()
        index = int((model.observations - seen).argmax())
        assert index in (by_total, by_own)
        if by_total != by_own:
            chosen[index == by_total] += 1
    assert min(chosen.values()) > 0  # both rules take their turn


def test_model_agrees_with_the_function_where_it_was_seen(quadratic):
    problem = quadratic(6, 80)
    optimizer = SFO(problem.cost, problem.start, problem.subfunctions)
    walk(optimizer, 70)
    assert optimizer.collapses > 1
    model, surrogate = optimizer._model, optimizer._surrogate
    for index in problem.subfunctions:
        place = model.position[: model.size, index]
        assert model.predict(index, place) == pytest.approx(float(model.value[index]))
        theta = torch.empty_like(surrogate.here.theta)
        back = place - surrogate.here.coordinates
        surrogate._subspace.displace(surrogate.here.theta, back, out=theta)
        value, gradient = problem.cost(theta, index)
        assert float(value) == pytest.approx(float(model.value[index]), abs=1e-10)
        inside = surrogate._subspace.include(gradient)[: model.size]
        torch.testing.assert_close(inside, model.gradient[: model.size, index], rtol=0, atol=1e-10)


def test_position_in_the_subspace_follows_the_position(quadratic):
    problem = quadratic(6, 80)
    optimizer = SFO(problem.cost, problem.start, problem.subfunctions)
    walk(optimizer, 20)
    collapses = optimizer.collapses
    for _ in range(60):
        optimizer.step()
        here, before = optimizer._surrogate.here, optimizer._surrogate.before
        distance = float((here.theta - before.theta).norm())
        assert here.distance(before) == pytest.approx(distance, rel=1e-6, abs=1e-10)
    assert optimizer.collapses > collapses


def test_a_failed_step_goes_back_halves_the_scale_and_teaches():
    def cost(theta, index):
        return theta.square().sum(), 2 * theta

    start = torch.tensor([-1.0, -1.0, -1.0], dtype=torch.float64)
    optimizer = SFO(cost, start, range(2), initial_hessian=0.4)
    optimizer.step()  # a curvature of 0.4 for 2, and the second one's gradient not known yet
    assert float(optimizer.theta[0]) == pytest.approx(1.5)
    assert optimizer.step() == 3.0
    assert optimizer.failures == 1
    assert optimizer._scale == 0.5
    assert torch.equal(optimizer._surrogate.before.theta, start)  # it set out from there again
    torch.testing.assert_close(optimizer._model.beta.max(), torch.tensor(2.0).double())


def test_an_exploded_value_is_repeated_nearer_by():
    """x^2 with a wall: beyond 0.5 the gradient points out and says nothing about the curvature."""
    wall = 1e6
    places = []

    def cost(theta, index):
        places.append(float(theta[0]))
        beyond = (theta - 0.5).clamp(min=0)
        return (theta.square() + wall * beyond.square()).sum(), 2 * theta + 2 * wall * beyond

    start = torch.tensor([-1.0, -1.0, -1.0], dtype=torch.float64)
    optimizer = SFO(cost, start, range(3), initial_hessian=0.1)
    optimizer.step()
    optimizer.step()
    assert places == pytest.approx([-1.0, -1.0, 9.0, -1.0, -0.9])
    theta = optimizer.optimize(num_passes=30)
    torch.testing.assert_close(theta, torch.zeros(3).double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_not_finite_is_a_failed_step(bad):
    """-log x + x: minimum at 1, nothing at or below 0."""

    def cost(theta, index):
        if bool((theta <= 0).any()):
            return bad, torch.full_like(theta, bad)
        return (theta - theta.log()).sum() * (index + 1), (1 - 1 / theta) * (index + 1)

    start = torch.tensor([5.0, 3.0], dtype=torch.float64)
    optimizer = SFO(cost, start, range(5), initial_hessian=0.05)
    theta = optimizer.optimize(num_passes=40)
    assert optimizer.failures > 0
    torch.testing.assert_close(theta, torch.ones(2).double(), rtol=0, atol=1e-6)


def test_steps_keep_to_their_limits(rosenbrock):
    optimizer = SFO(
        rosenbrock.cost,
        rosenbrock.start,
        rosenbrock.subfunctions,
        max_step_ratio=2.0,
        min_step=1e-3,
    )
    for _ in range(100):
        before = optimizer.theta
        failures = optimizer.failures
        optimizer.step()
        length = float((optimizer.theta - before).norm())
        if optimizer.failures > failures:
            continue
        assert length > 1e-3 * (1 - 1e-9)
        if optimizer.evaluations > 10:
            mean = optimizer._travelled / optimizer.evaluations
            assert length < max(2.0 * mean, 1e-3) * (1 + 1e-9)


def test_every_call_of_the_cost_is_counted(autoencoder):
    calls = []

    def cost(theta, index):
        calls.append(index)
        return autoencoder.cost(theta, index)

    optimizer = SFO(cost, autoencoder.start, autoencoder.subfunctions)
    optimizer.optimize(num_passes=7.5)
    assert optimizer.evaluations == len(calls) >= 75
    assert optimizer.failures > 0


def test_equal_seeds_equal_runs(autoencoder):
    def run(seed):
        torch.manual_seed(torch.seed())  # the global generator has no part in it
        optimizer = SFO(autoencoder.cost, autoencoder.start, autoencoder.subfunctions, seed=seed)
        return walk(optimizer, 60), optimizer.theta

    first, again, other = run(0), run(0), run(1)
    assert first[0] == again[0] != other[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], again[1], strict=True))


def test_resumes_bit_for_bit(autoencoder, tmp_path):
    def make():
        return SFO(autoencoder.cost, autoencoder.start, autoencoder.subfunctions, seed=3)

    whole, first = make(), make()
    values, taken = walk(whole, 120), 0
    assert whole.collapses > 2
    for stop in (1, 7, 50, 83):
        assert walk(first, stop - taken) == values[taken:stop]
        torch.save(first.state_dict(), tmp_path / "state.pt")
        taken = stop + 5
        assert walk(first, 5) == values[stop:taken]  # the state is a copy
        second = make()
        second.load_state_dict(torch.load(tmp_path / "state.pt"))
        assert walk(second, 120 - stop) == values[stop:]
        assert all(torch.equal(a, b) for a, b in zip(whole.theta, second.theta, strict=True))
        for name in ("evaluations", "failures", "collapses", "active", "objective"):
            assert getattr(whole, name) == getattr(second, name)


def test_a_state_of_another_shape_is_refused(quadratic):
    problem = quadratic(6, 20)

    def make(m=20, n=6, **options):
        return SFO(problem.cost, torch.zeros(m, dtype=torch.float64), range(n), **options)

    state = make().state_dict()
    with pytest.raises(UserError, match="20 parameters, this optimizer of 21"):
        make(m=21).load_state_dict(state)
    for other in ({"n": 7}, {"history": 5}):
        with pytest.raises(UserError, match="6 subfunctions with a history of 10"):
            make(**other).load_state_dict(state)


def noisy(problem):
    generator = torch.Generator().manual_seed(0)

    def cost(theta, index):
        """Dropout on the parameters."""
        mask = 2.0 * torch.bernoulli(torch.full_like(theta, 0.5), generator=generator)
        value, gradient = problem.cost(theta * mask, index)
        return value, gradient * mask

    return cost


def test_a_noisy_cost_is_refused(logistic):
    start = torch.ones_like(logistic.start)
    optimizer = SFO(noisy(logistic), start, logistic.subfunctions)
    with pytest.raises(UserError, match=r"cost without noise(.|\n)*allow_noise=True"):
        optimizer.step()


def test_a_noisy_cost_runs_when_asked_for_and_fails_to_converge(logistic):
    start = torch.ones_like(logistic.start)
    exact = SFO(logistic.cost, start, logistic.subfunctions)
    rough = SFO(noisy(logistic), start, logistic.subfunctions, allow_noise=True)
    minimum = logistic.total(exact.optimize(num_passes=15))
    assert logistic.total(rough.optimize(num_passes=15)) > 1.1 * minimum


def test_the_users_tensors_are_left_alone(quadratic):
    problem = quadratic(5, 10)
    start = problem.start.clone()
    optimizer = SFO(problem.cost, start, problem.subfunctions)
    kept = optimizer.theta
    optimizer.optimize(num_passes=2)
    assert torch.equal(start, problem.start)
    assert torch.equal(kept, problem.start)


def test_a_cost_may_overwrite_what_it_is_given(quadratic):
    problem = quadratic(5, 10)

    def untidy(theta, index):
        result = problem.cost(theta, index)
        theta.zero_()
        return result

    tidy = SFO(problem.cost, problem.start, problem.subfunctions)
    assert walk(SFO(untidy, problem.start, problem.subfunctions), 20) == walk(tidy, 20)


def test_a_zero_gradient_stays_where_it_is():
    def cost(theta, index):
        return theta.square().sum(), 2 * theta

    optimizer = SFO(cost, torch.zeros(100, dtype=torch.float64), range(4))
    assert torch.equal(optimizer.optimize(num_passes=5), torch.zeros(100, dtype=torch.float64))
    assert optimizer.active == 4


@pytest.mark.parametrize(
    ("theta", "match"),
    [
        ([], "no parameters"),
        (torch.zeros(3, dtype=torch.int64), "int64"),
        (torch.tensor([math.nan]), "not finite"),
    ],
)
def test_wrong_parameters(theta, match):
    with pytest.raises(UserError, match=match):
        SFO(lambda theta, index: (0.0, theta), theta, range(3))


@pytest.mark.parametrize("option", ["history", "initial_hessian", "max_noise", "min_step"])
def test_wrong_options(option):
    with pytest.raises(UserError, match=f"{option} is 0"):
        SFO(lambda theta, index: (0.0, theta), torch.zeros(3), range(3), **{option: 0})


def test_no_subfunctions():
    with pytest.raises(UserError, match="subfunctions is 0"):
        SFO(lambda theta, index: (0.0, theta), torch.zeros(3), [])


def test_wrong_gradient_shape():
    optimizer = SFO(lambda theta, index: (0.0, torch.zeros(2)), torch.zeros(3), range(3))
    with pytest.raises(UserError, match=r"\(2,\), expected those of theta0, \(3,\)"):
        optimizer.step()


def test_not_finite_at_the_start():
    optimizer = SFO(lambda theta, index: (math.nan, theta), torch.ones(3), range(3))
    with pytest.raises(UserError, match="not finite at theta0"):
        optimizer.step()
