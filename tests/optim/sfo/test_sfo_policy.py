import pytest
import torch

from adamrepro.optim.sfo import policy


def test_step_is_kept_between_its_limits():
    step = torch.tensor([3.0, 4.0])
    assert policy.limited(step, 1.0, 10.0).tolist() == [3.0, 4.0]
    assert policy.limited(step, 1.0, 2.5).tolist() == pytest.approx([1.5, 2.0])
    assert policy.limited(step, 10.0, 100.0).tolist() == pytest.approx([6.0, 8.0])
    assert policy.limited(step, 10.0, 2.5).tolist() == pytest.approx([1.5, 2.0])
    assert policy.limited(0.0 * step, 1.0, 2.0).tolist() == [0.0, 0.0]


def test_farthest_is_among_the_active_ones():
    distances = torch.tensor([1.0, 5.0, 3.0])
    assert policy.farthest(distances, torch.tensor([True, False, True])) == 2


def test_noise_against_the_mean_in_the_metric_of_the_inverse_hessian():
    root = torch.tensor([[2.0, 0.0], [0.5, 1.0]], dtype=torch.float64)
    inverse = torch.linalg.inv(root @ root.T)
    gradients = torch.tensor([[1.0, 2.0, 4.0], [0.5, -1.0, 0.0]], dtype=torch.float64)
    mean = gradients.mean(dim=1)
    deviations = gradients - mean[:, None]
    noise = sum(float(d @ inverse @ d) for d in deviations.T) / (3 * 2)
    ratio = noise / float(mean @ inverse @ mean)
    assert policy.noise_exceeds_mean(gradients, root, 0.999 * ratio)
    assert not policy.noise_exceeds_mean(gradients, root, 1.001 * ratio)


def test_a_step_fails_when_it_is_worse_than_promised_by_more_than_the_others_gain():
    # from 1.0 it should have gone to 0.9; of a total gain of 0.3, 0.2 belong to the others
    arguments = {"last": 1.0, "predicted": 0.9, "promised": 0.3}
    assert not policy.is_worse_than_promised(1.05, **arguments)
    assert policy.is_worse_than_promised(1.15, **arguments)
    assert not policy.is_worse_than_promised(0.99, last=1.0, predicted=0.0, promised=0.0)


def test_a_new_subfunction_is_an_outlier_beyond_three_deviations():
    others = torch.tensor([1.0, 3.0], dtype=torch.float64)  # mean 2, deviation 1
    assert policy.is_outlier(5.1, others)
    assert not policy.is_outlier(4.9, others)
    assert not policy.is_outlier(1e9, others[:1])


def test_scale_halves_and_recovers():
    assert policy.next_scale(1.0, True, 10) == 0.5
    assert policy.next_scale(0.5, False, 10) == pytest.approx(0.55)
    assert policy.next_scale(1e-5, True, 10) == 1e-5


def test_factor_of_a_hessian_that_rounding_has_made_indefinite():
    hessian = torch.diag(torch.tensor([1.0, -1e-17], dtype=torch.float64))
    factor = policy.positive_factor(hessian)
    torch.testing.assert_close(factor @ factor.T, hessian, rtol=0, atol=1e-11)
