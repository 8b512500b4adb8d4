"""What every update rule must do, whatever its settings: one table, RULES."""

import dataclasses
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from walking import EVERY_RULE, noisy, rules, walk

from adamrepro.errors import UserError
from adamrepro.optim import RULES, Adam, EpsForm, Rule, stack, zero_state
from adamrepro.optim.ranges import is_scheduled, range_of
from adamrepro.optim.rule import Parameter

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
def test_first_steps_go_downhill(name: str, data: Any, seed: int) -> None:
    """Two, since some rules do nothing in the first but look."""
    g = noisy(1, 40, seed=seed).repeat(2, 1)
    for step in walk(data.draw(rules(RULES[name])), g)[1:]:
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
    """One member's nan reaches no other member, nor its neighbours if the rule is elementwise."""
    members = data.draw(rules(RULES[name], members=3))
    clean = noisy(8, 3, 4)
    dirty = clean.clone()
    dirty[2, 1, 0] = bad
    expected, walked = walk(members, clean), walk(members, dirty)
    reached = (1, 0) if RULES[name].elementwise else (1,)
    expected[:, *reached] = walked[:, *reached] = 0.0
    assert torch.equal(walked, expected)


@every_rule
@given(data=st.data(), shape=shapes, dtype=dtypes, seed=st.integers(0, 999))
def test_member_alone_equals_member_in_a_population(
    name: str, data: Any, shape: tuple[int, ...], dtype: torch.dtype, seed: int
) -> None:
    """To the last bit, where kernels treat an entry alike wherever it stands (atan2's do not)."""
    members = data.draw(rules(RULES[name], members=3))
    gradients = noisy(10, 3, *shape, seed=seed, dtype=dtype)
    together = walk(members, gradients)
    for row, member in enumerate(members):
        alone = walk([member], gradients[:, row])
        rounding = 4 * torch.finfo(dtype).eps * float(alone.abs().max())
        torch.testing.assert_close(alone, together[:, row], rtol=0, atol=rounding)


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
    parameter = Parameter(torch.ones_like(g), outputs=None)
    first, _ = rule.step_of(parameter, g, state, c)
    again, _ = rule.step_of(parameter, g, state, c)
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


def test_a_population_has_one_structure() -> None:
    with pytest.raises(ValueError, match="expected one class, and the same non-numbers"):
        stack([Adam(), Adam(eps_form=EpsForm.efficient)])


def numbers_of(rule: type[Rule]) -> list[str]:
    return [f.name for f in dataclasses.fields(rule) if isinstance(f.default, float)]


EVERY_NUMBER = [(name, key) for name in EVERY_RULE for key in numbers_of(RULES[name])]


@pytest.mark.parametrize(("name", "key"), EVERY_NUMBER)
def test_ranges_are_checked(name: str, key: str) -> None:
    """Every number declares its range; nan, and what lies just outside of the range, is refused."""
    within = range_of(fields_of(RULES[name])[key])
    assert within is not None
    below = within.low if within.low_open else math.nextafter(within.low, -math.inf)
    above = within.high if within.high_open else math.nextafter(within.high, math.inf)
    for value in (below, -1.0, above, math.inf, math.nan):
        with pytest.raises(UserError, match=rf"^optimizer\.{key}={value}: expected "):
            RULES[name](**{key: value})
    for value in (math.nextafter(below, math.inf), math.nextafter(above, -math.inf)):
        assert getattr(RULES[name](**{key: value}), key) == value


@every_rule
def test_schedules_act_on_alpha_and_never_on_decay_rates(name: str) -> None:
    fields = fields_of(RULES[name])
    assert is_scheduled(fields["alpha"])
    assert not any(is_scheduled(f) for key, f in fields.items() if not key.endswith("alpha"))


@every_rule
@given(alpha=st.floats(1e-4, 0.5), decay=st.floats(1e-3, 1))
def test_decoupled_decay_shrinks_weights_alone(name: str, alpha: float, decay: float) -> None:
    """Without a gradient, theta_t = (1 - alpha lambda)^t theta_0, and biases stay."""
    if "weight_decay" not in fields_of(RULES[name]):
        return
    rule = [RULES[name](alpha=alpha, weight_decay=decay)]
    start, none = torch.ones(1, 3, 2, dtype=torch.float64), torch.zeros(5, 3, 2).double()
    biases = walk(rule, none, start=start)
    assert torch.equal(biases[-1], start[0])
    weights = walk(rule, none, start=start, outputs=2)
    torch.testing.assert_close(weights[1], (1 - alpha * decay) * start[0], rtol=1e-12, atol=0)
    assert (weights.diff(dim=0) < 0).all()


def fields_of(rule: type[Rule]) -> dict[str, dataclasses.Field[Any]]:
    return {f.name: f for f in dataclasses.fields(rule)}
