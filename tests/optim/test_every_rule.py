"""What every update rule must do, whatever its settings: one table, RULES."""

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from walking import EVERY_RULE, NUMBERS, noisy, rules, walk

from adamrepro.errors import UserError
from adamrepro.optim import RULES, Rule, stack, zero_state

every_rule = pytest.mark.parametrize("name", EVERY_RULE)
shapes = st.lists(st.integers(1, 5), min_size=0, max_size=4).map(tuple)
dtypes = st.sampled_from([torch.float32, torch.float64])


@every_rule
@given(data=st.data(), shape=shapes, dtype=dtypes, seed=st.integers(0, 999))
def test_finite_gradients_give_finite_steps(
    name: str, data: Any, shape: tuple[int, ...], dtype: torch.dtype, seed: int
) -> None:
    members = data.draw(rules(RULES[name], members=3))
    walked = walk(members, noisy(12, 3, *shape, seed=seed, dtype=dtype))
    assert walked.dtype is dtype
    assert walked.shape == (13, 3, *shape)
    assert walked.isfinite().all()


@every_rule
@given(data=st.data(), seed=st.integers(0, 999))
def test_first_step_goes_downhill(name: str, data: Any, seed: int) -> None:
    g = noisy(1, 40, seed=seed)
    step = walk(data.draw(rules(RULES[name])), g)[1]
    assert (step * g[0] <= 0).all()
    assert (step[g[0] != 0] != 0).all()


@every_rule
@given(data=st.data(), dtype=dtypes)
def test_no_gradient_no_step(name: str, data: Any, dtype: torch.dtype) -> None:
    """0/0 is a step of 0, eps or not: a black border pixel keeps its weight."""
    walked = walk(data.draw(rules(RULES[name])), torch.zeros(5, 4, dtype=dtype))
    assert (walked == 0).all()


@every_rule
@given(data=st.data(), dtype=dtypes, fill=st.sampled_from(["denormal", "tiny", "huge"]))
def test_extreme_gradients_do_no_harm(name: str, data: Any, dtype: torch.dtype, fill: str) -> None:
    """Squares that underflow, and squares near the largest number there is."""
    info = torch.finfo(dtype)
    size = {"denormal": info.smallest_normal / 64, "tiny": info.tiny, "huge": info.max**0.49}[fill]
    g = torch.full((6, 2), size, dtype=dtype)
    g[3:] = 1.0  # an ordinary gradient after extreme ones
    walked = walk(data.draw(rules(RULES[name])), g)
    assert walked.isfinite().all()
    assert (walked <= 0).all()


@every_rule
def test_squares_that_overflow_end_in_steps_of_zero(name: str) -> None:
    g = torch.full((6, 2), torch.finfo(torch.float32).max ** 0.75, dtype=torch.float32)
    assert walk([RULES[name]()], g).isfinite().all()


@every_rule
@given(data=st.data(), bad=st.sampled_from([torch.nan, torch.inf, -torch.inf]))
def test_what_is_not_finite_stays_where_it_is(name: str, data: Any, bad: float) -> None:
    """One member's, one entry's nan reaches neither its neighbours nor other members."""
    members = data.draw(rules(RULES[name], members=3))
    clean = noisy(8, 3, 4)
    dirty = clean.clone()
    dirty[2, 1, 0] = bad
    expected, walked = walk(members, clean), walk(members, dirty)
    expected[:, 1, 0] = walked[:, 1, 0] = 0.0
    assert torch.equal(walked, expected)


@every_rule
@given(data=st.data(), shape=shapes, dtype=dtypes, seed=st.integers(0, 999))
def test_member_alone_equals_member_in_a_population(
    name: str, data: Any, shape: tuple[int, ...], dtype: torch.dtype, seed: int
) -> None:
    members = data.draw(rules(RULES[name], members=4))
    gradients = noisy(10, 4, *shape, seed=seed, dtype=dtype)
    together = walk(members, gradients)
    for row, member in enumerate(members):
        assert torch.equal(walk([member], gradients[:, row]), together[:, row])


@every_rule
@given(data=st.data(), seed=st.integers(0, 999))
def test_float32_follows_float64(name: str, data: Any, seed: int) -> None:
    """Coefficients are double in both, so only the arithmetic of the tensors differs."""
    rule = data.draw(rules(RULES[name]))
    gradients = noisy(20, 9, seed=seed, dtype=torch.float32)
    gradients[gradients == 0] = 1.0  # beta2^k after long silence is 0 in float32 alone
    exact = walk(rule, gradients.double())
    torch.testing.assert_close(
        walk(rule, gradients).double(), exact, rtol=0, atol=1e-4 * float(exact.abs().max())
    )


@every_rule
def test_a_step_is_pure(name: str) -> None:
    rule = RULES[name]
    g, c = torch.randn(1, 5), rule.coefficients(stack([rule()]), 3)
    c = type(c)(*(value.float().view(1, 1) for value in c))
    state = zero_state(rule, g)
    before = [g.clone(), *(entry.clone() for entry in state)]
    first, _ = rule.step(g, state, c)
    again, _ = rule.step(g, state, c)
    assert torch.equal(first, again)
    assert all(torch.equal(a, b) for a, b in zip(before, [g, *state], strict=True))


@every_rule
def test_coefficients_are_double_and_one_per_member(name: str) -> None:
    rule = RULES[name]
    for t in (1, 2, 10**6):
        for key, value in rule.coefficients(stack([rule()] * 3), t)._asdict().items():
            assert isinstance(value, Tensor), key
            assert (value.dtype, value.shape) == (torch.float64, (3,)), key
            assert value.isfinite().all(), key


def settings_of(rule: type[Rule]) -> list[str]:
    return [f.name for f in dataclasses.fields(rule) if isinstance(f.default, float)]


NAN, INF = float("nan"), float("inf")
OUT_OF_RANGE = {
    **{key: [-1e-9, 1.0, 2.0, NAN, INF] for key in NUMBERS},  # decay rates, in [0, 1)
    "alpha": [0.0, -1e-9, NAN, INF],
    "beta1_decay": [0.0, -1.0, 1 + 1e-9, NAN, INF],
    "eps": [-1e-9, NAN, INF],
}


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in EVERY_RULE for key in settings_of(RULES[name])]
)
def test_ranges_are_checked(name: str, key: str) -> None:
    for value in OUT_OF_RANGE[key]:
        with pytest.raises(UserError, match=rf"^optimizer\.{key}={value}: expected "):
            RULES[name](**{key: value})
