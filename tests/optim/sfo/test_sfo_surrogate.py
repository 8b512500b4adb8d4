import torch

from adamrepro.optim.sfo.active_set import ActiveSet
from adamrepro.optim.sfo.quadratics import Quadratics
from adamrepro.optim.sfo.surrogate import Surrogate

M = 50


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def offset(surrogate):
    """From here to before, in full, by way of the subspace."""
    out = torch.empty(M, dtype=torch.float64)
    step = surrogate.before.coordinates - surrogate.here.coordinates
    surrogate._subspace.displace(surrogate.here.theta, step, out=out)
    return out


def test_both_places_survive_a_collapse():
    surrogate = Surrogate(normal(M), 2, 2, 1.0, 1e8)
    for turn in range(20):
        collapses = surrogate.collapses
        surrogate.observe(turn % 2, surrogate.here, 1.0, normal(M, seed=turn))
        torch.testing.assert_close(offset(surrogate), surrogate.before.theta, rtol=0, atol=1e-10)
        if surrogate.collapses == collapses:
            surrogate.move(normal(len(surrogate.here.coordinates), seed=turn + 1))
        else:
            surrogate.go_back()
    assert surrogate.collapses > 2


def test_what_is_not_finite_is_left_out():
    surrogate = Surrogate(normal(M), 2, 2, 1.0, 1e8)
    surrogate.observe(0, surrogate.here, torch.nan, normal(M))
    assert surrogate.model.observations.tolist() == [0, 0]


def grown(*, failed=False, rounds=1, twice=True, agree=True):
    """How many of four are active after so many steps with two that agree or contradict."""
    model = Quadratics(4, 2, 1, beta=1.0, max_condition=1e8)
    active_set = ActiveSet(model, 2, 1.0, seed=0)
    for sign, index in enumerate(model.active.nonzero().flatten().tolist()):
        for turn in range(2 if twice else 1):
            gradient = torch.tensor([1.0 if agree else (-1.0) ** sign, 0.1 * sign]).double()
            model.observe(index, torch.full((2,), float(turn)).double(), 0.0, gradient)
    for _ in range(rounds):
        active_set.grow(torch.eye(2, dtype=torch.float64), failed)
    return int(model.active.sum())


def test_another_one_joins_when_it_should():
    assert grown() == 2
    assert grown(agree=False) == 3  # noise
    assert grown(failed=True) == 3
    assert grown(rounds=2) == 2
    assert grown(rounds=3) == 3  # more than a pass over the two without growth
    assert grown(agree=False, failed=True, rounds=5, twice=False) == 2  # a Hessian each comes first


def test_all_are_active_in_the_end():
    model = Quadratics(3, 2, 1, beta=1.0, max_condition=1e8)
    active_set = ActiveSet(model, 2, 1.0, seed=0)
    model.observations[:] = 2
    model.size = 2
    for _ in range(3):
        active_set.grow(torch.eye(2, dtype=torch.float64), failed=True)
    assert bool(model.active.all())


def test_with_nothing_left_to_learn_here_another_one_joins():
    model = Quadratics(3, 2, 1, beta=1.0, max_condition=1e8)
    active_set = ActiveSet(model, 2, 1.0, seed=0)
    model.observations[model.active] = 2
    model.size = 2
    waiting = int((~model.active).nonzero())
    assert active_set.choose(torch.zeros(2, dtype=torch.float64)) == waiting
    assert bool(model.active.all())
