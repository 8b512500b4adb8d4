import pytest
import torch

from adamrepro.optim.sfo.quadratics import Quadratics

K, N, L = 8, 3, 2


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def make():
    """Two active quadratics, seen three times each, and one that is not active."""
    model = Quadratics(N, K, L, beta=100.0, max_condition=1e8)
    hessians = []
    for index in (0, 2):
        model.activate(index, first=True)
        root = normal(K, K, seed=index)
        hessians.append(root @ root.T + torch.eye(K, dtype=torch.float64))
        for turn in range(3):
            here = normal(K, seed=10 * index + turn)
            model.observe(index, here, float(turn), hessians[-1] @ here)
        model.refit(index)
    return model


def own_hessian(model, index):
    basis = model.basis[:K, index]
    return model.beta[index] * torch.eye(K).double() + (basis * model.sigma[index]) @ basis.T


def test_sums_are_over_the_active_ones():
    model, here = make(), normal(K, seed=99)
    expected = own_hessian(model, 0) + own_hessian(model, 2)
    torch.testing.assert_close(model.hessian(), expected)
    slopes = [
        model.gradient[:, i] + own_hessian(model, i) @ (here - model.position[:, i]) for i in (0, 2)
    ]
    torch.testing.assert_close(model.total_gradient(here), slopes[0] + slopes[1])


def test_prediction_is_the_taylor_series():
    model, here = make(), normal(K, seed=99)
    offset = here - model.position[:, 2]
    expected = (
        model.value[2]
        + model.gradient[:, 2] @ offset
        + 0.5 * offset @ own_hessian(model, 2) @ offset
    )
    assert model.predict(2, here) == pytest.approx(float(expected))


def test_distances_in_either_metric():
    model, here = make(), normal(K, seed=99)
    offset = here - model.position[:, 2]
    total = model.distances(here, model.hessian())[2]
    torch.testing.assert_close(total, offset @ model.hessian() @ offset)
    own = model.distances(here, None)[2]
    torch.testing.assert_close(own, offset @ own_hessian(model, 2) @ offset)


def test_history_is_newest_first_and_bounded():
    model = make()
    here, gradient = normal(K, seed=5), normal(K, seed=6)
    expected = here - model.position[:, 0]
    previous = model.steps[:, 0, 0].clone()
    model.observe(0, here, 0.0, gradient)
    torch.testing.assert_close(model.steps[:, 0], torch.stack([expected, previous], dim=1))


def test_a_step_that_teaches_nothing_is_not_history():
    model = make()
    before = model.steps.clone()
    model.observe(0, model.position[:, 0] + 1e-14, 0.0, model.gradient[:, 0] + 1.0)
    model.observe(2, model.position[:, 2] + 1.0, 0.0, model.gradient[:, 2].clone())
    assert torch.equal(model.steps, before)


def test_a_newcomer_gets_the_median_share():
    model = make()
    model.activate(1)
    model.observe(1, normal(K), 0.0, normal(K, seed=1))
    eigenvalues = torch.linalg.eigvalsh(model.hessian())
    model.refit(1)
    median = 0.5 * float(eigenvalues[3] + eigenvalues[4])
    assert float(model.beta[1]) == pytest.approx(median / 3)


def test_collapse_keeps_latest_positions_and_gradients_first():
    model, here, before = make(), normal(K, seed=98), normal(K, seed=99)
    keep = model.keep(here, before, 6)
    assert keep.shape == (K, 6)
    latest = [model.gradient[:, [0, 2]], model.position[:, [0, 2]] - here[:, None]]
    torch.testing.assert_close(keep[:, :5], torch.cat([*latest, (before - here)[:, None]], dim=1))
    torch.testing.assert_close(keep[:, 5], model.changes[:, 0, 0])  # newest history fills it up


def test_transform_changes_coordinates_and_nothing_else():
    model, here = make(), normal(K, seed=98)
    rotation = torch.linalg.qr(normal(K, K, seed=3)).Q
    other = normal(K, seed=99)
    values = [model.predict(index, other) for index in (0, 2)]
    hessian = model.hessian()
    model.transform(rotation, origin=here)
    torch.testing.assert_close(model.hessian(), rotation.T @ hessian @ rotation)
    again = [model.predict(index, rotation.T @ (other - here)) for index in (0, 2)]
    assert again == pytest.approx(values)


def test_a_pair_whose_step_is_lost_in_a_collapse_is_forgotten():
    model = make()
    step = model.steps[:, 0, 0]
    outside = torch.linalg.qr(torch.cat([step[:, None], normal(K, K - 1)], dim=1)).Q[:, 1:]
    model.transform(outside, origin=torch.zeros(K, dtype=torch.float64))
    assert float(model.steps[:, 0, 0].norm()) == 0.0
    assert float(model.steps[:, 0, 1].norm()) > 0.0
