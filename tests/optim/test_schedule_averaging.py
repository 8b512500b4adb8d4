import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adamrepro.optim import Decay, Schedule, Unit
from adamrepro.optim.averaging import accumulate, corrected
from adamrepro.optim.rule import column


@given(step=st.integers(1, 10**9), epoch=st.integers(1, 10**6))
def test_schedules(step: int, epoch: int) -> None:
    assert Schedule().factor(step, epoch) == 1.0
    for unit, t in ((Unit.steps, step), (Unit.epochs, epoch)):
        assert Schedule(unit=unit).factor(step, epoch) == 1.0
        assert Schedule(decay=Decay.sqrt, unit=unit).factor(step, epoch) == 1 / math.sqrt(t)


@given(step=st.integers(1, 10**6), epoch=st.integers(1, 1000), warmup=st.integers(1, 10**5))
def test_warm_up_comes_before_any_decay(step: int, epoch: int, warmup: int) -> None:
    """min(1, step / warmup), in steps whatever the decay counts; at warmup 1 there is none."""
    for decay in Decay:
        for unit in Unit:
            plain = Schedule(decay=decay, unit=unit)
            factor = Schedule(decay=decay, unit=unit, warmup=warmup).factor(step, epoch)
            expected = min(1.0, step / warmup) * plain.factor(step, epoch)
            assert factor == pytest.approx(expected, rel=1e-15)
            at_once = Schedule(decay=decay, unit=unit, warmup=1)
            assert at_once.factor(step, epoch) == plain.factor(step, epoch)


decays = torch.tensor([0.0, 0.5, 0.9, 0.9999], dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_average_is_the_weighted_mean_of_section_7_2(dtype: torch.dtype, rtol: float) -> None:
    """(1 - b) sum_i b^(t-i) theta_i / (1 - b^t): weights that sum to 1, theta_0 not among them."""
    thetas = torch.randn(60, 4, 3, dtype=torch.float64)
    average = torch.zeros(4, 3, dtype=dtype)
    for t, theta in enumerate(thetas, start=1):
        accumulate(average, theta.to(dtype), decays)
        weights = (1 - decays) * decays ** torch.arange(t - 1, -1, -1).view(-1, 1)  # [t, R]
        weights /= weights.sum(0)
        expected = (weights.unsqueeze(-1) * thetas[:t]).sum(0)
        found = corrected(average, decays, t).double()
        torch.testing.assert_close(found, expected, rtol=rtol, atol=rtol)


def test_average_without_decay_is_theta_itself() -> None:
    average, theta = torch.randn(1, 3), torch.randn(1, 3)
    accumulate(average, theta, decays[:1])
    assert torch.equal(corrected(average, decays[:1], 1), theta)


def test_average_of_a_constant_is_the_constant_at_once() -> None:
    """The correction's purpose: without it the first average is (1 - b) theta."""
    average, theta = torch.zeros(4, 3), torch.full((4, 3), 7.0)
    for t in range(1, 4):
        accumulate(average, theta, decays)
        torch.testing.assert_close(corrected(average, decays, t), theta, rtol=1e-6, atol=0)


@given(shape=st.lists(st.integers(1, 4), max_size=4))
def test_column_broadcasts_over_members(shape: list[int]) -> None:
    like = torch.zeros(4, *shape, dtype=torch.float32)
    found = column(decays, like)
    assert found.dtype is torch.float32
    assert torch.equal((like + found)[2].flatten().unique(), torch.tensor([0.9]))
