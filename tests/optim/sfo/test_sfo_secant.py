import pytest
import torch

from adamrepro.optim.sfo import secant


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def matrix(curvature):
    low_rank = (curvature.basis * curvature.sigma) @ curvature.basis.T
    return curvature.beta * torch.eye(len(low_rank), dtype=torch.float64) + low_rank


def test_bfgs_update_by_hand():
    # B s = (2, 0), s'Bs = 2, y's = 3:  B + y y'/3 - (2, 0)(2, 0)'/2
    updated = secant.bfgs_update(
        torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([1.0, 0.0]), torch.tensor([3.0, 1.0])
    )
    torch.testing.assert_close(updated, torch.tensor([[3.0, 1.0], [1.0, 4 / 3]]))


def test_bfgs_update_passes_over_a_pair_that_divides_by_nothing():
    before = torch.eye(2)
    after = secant.bfgs_update(before, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    assert torch.equal(after, before)


def test_least_squares_finds_the_spectrum():
    spectrum = torch.tensor([7.0, 3.0, 0.5], dtype=torch.float64)
    q = torch.linalg.qr(normal(3, 3)).Q
    s = normal(3, 3, seed=1)
    found = secant.least_squares_spectrum(s, (q * spectrum) @ q.T @ s)
    torch.testing.assert_close(found, spectrum)


def test_least_squares_leaves_out_what_dependent_steps_do_not_determine():
    s = torch.tensor([[1.0, 1.0], [0.0, 1e-14]], dtype=torch.float64)
    found = secant.least_squares_spectrum(s, 4.0 * s)
    torch.testing.assert_close(found, torch.tensor([4.0], dtype=torch.float64))


def test_a_quadratic_is_recovered_from_as_many_pairs_as_dimensions():
    spectrum = torch.tensor([9.0, 4.0, 2.0, 1.0], dtype=torch.float64)
    q = torch.linalg.qr(normal(4, 4)).Q
    truth = (q * spectrum) @ q.T
    # BFGS is exact after conjugate steps
    s = q / spectrum.sqrt()
    torch.testing.assert_close(matrix(secant.fit(s, truth @ s, 1.0, 1e8)), truth)


def test_the_newest_pair_is_explained_exactly():
    root = normal(12, 12)
    s = normal(12, 5, seed=1)
    y = root @ root.T @ s
    fitted = matrix(secant.fit(s, y, 1.0, 1e8))
    torch.testing.assert_close(fitted @ s[:, -1], y[:, -1])


def test_outside_the_history_the_curvature_is_the_smallest_observed():
    truth = torch.diag(torch.tensor([5.0, 2.0, 1.0, 1.0, 1.0, 1.0], dtype=torch.float64))
    s = torch.eye(6, dtype=torch.float64)[:, :2]
    fitted = secant.fit(s, truth @ s, 1.0, 1e8)
    assert fitted.beta == pytest.approx(2.0)
    other = torch.eye(6, dtype=torch.float64)[:, 4]
    torch.testing.assert_close(matrix(fitted) @ other, 2.0 * other)


@pytest.mark.parametrize("seed", range(20))
def test_positive_definite_whatever_the_pairs(seed):
    k, n = 15, 1 + seed % 10
    scale = 10.0 ** normal(1, n, seed=seed + 100)  # of steps, over several decades
    fitted = secant.fit(normal(k, n, seed=seed) * scale, normal(k, n, seed=seed + 50), 1.0, 1e8)
    eigenvalues = torch.linalg.eigvalsh(matrix(fitted))
    assert float(eigenvalues[0]) > 0.0
    inside = fitted.sigma + fitted.beta
    assert float(inside.max() / inside.min()) <= 1e8 * (1 + 1e-6)


def test_without_positive_curvature_the_largest_observed_stands_in():
    values, _ = secant.positive_spectrum(-torch.eye(3), 5.0, 1e8)
    assert values.tolist() == [5.0, 5.0, 5.0]


def test_a_history_without_change_of_gradient_falls_back():
    steps = normal(6, 2)
    fitted = secant.fit(steps, torch.zeros_like(steps), 3.0, 1e8)
    torch.testing.assert_close(matrix(fitted), 3.0 * torch.eye(6, dtype=torch.float64))
