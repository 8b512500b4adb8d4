"""The same steps as torch's own classes, and as a member of a population of this suite."""

import dataclasses
from functools import partial
from typing import Any

import pytest
import torch
from twins import CLASSES, SHAPES, TWINS, Twins, assert_same, give_gradients, tensors, walk

from adamrepro import optim
from adamrepro.optim import PAPER_RULES, EpsForm, Rule, apply_rule, stack, zero_state
from adamrepro.torch_optim import Adam, RMSProp, RuleOptimizer, SGDNesterov, eager, kernels, rows

every_class = pytest.mark.parametrize("name", TWINS)


def test_every_rule_has_a_class() -> None:
    assert {cls.translation.rule for cls in CLASSES.values()} == set(PAPER_RULES.values())


@every_class
def test_every_field_of_a_rule_is_an_argument(name: str) -> None:
    """All but the average, which is a class of its own."""
    translation = CLASSES[name].translation
    fields = {field.name for field in dataclasses.fields(translation.rule)}
    assert {*translation.arguments, "alpha", "name", "averaging"} == fields
    assert tuple(translation.keys) == translation.rule.State._fields


def both(twins: Twins, **settings: Any) -> tuple[Any, Any]:
    return (
        partial(twins.ours, **twins.our_settings, **settings),
        partial(twins.theirs, **{**twins.their_settings, **settings}),
    )


OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "lr": {"lr": 0.03},
    "weight_decay": {"weight_decay": 0.1},
    "maximize": {"maximize": True},
    "both": {"maximize": True, "weight_decay": 0.1},
}


@every_class
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_torch(name: str, options: str, dtype: torch.dtype) -> None:
    our_own, theirs = both(TWINS[name], **OPTIONS[options])
    a = walk(our_own, 20, tensors(*SHAPES, dtype=dtype))
    b = walk(theirs, 20, tensors(*SHAPES, dtype=dtype))
    assert_same(a, b)
    assert not torch.allclose(a[0], tensors(*SHAPES, dtype=dtype)[0], atol=1e-3)


@every_class
def test_large_parameters_equal_torch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limits, parameters are stepped by themselves, in chunks, with a rest."""
    monkeypatch.setattr(rows, "SMALL", {"cpu": 100, "elsewhere": 100})
    monkeypatch.setattr(eager, "CHUNK", 64)
    shapes = [(20, 30), (5,), (10, 10), (99,), (101, 1)]
    ours, theirs = both(TWINS[name], weight_decay=0.1)
    assert_same(walk(ours, 10, tensors(*shapes)), walk(theirs, 10, tensors(*shapes)))


def test_rmsprop_with_momentum_equals_torch_at_constant_lr() -> None:
    settings: dict[str, Any] = {"lr": 1e-2, "alpha": 0.95, "momentum": 0.9, "eps": 1e-4}
    assert_same(
        walk(partial(RMSProp, **settings), 20), walk(partial(torch.optim.RMSprop, **settings), 20)
    )


def halve(optimizer: torch.optim.Optimizer, t: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] /= 2


@pytest.mark.parametrize(("form", "same"), [("rearranged", True), ("lookahead", False)])
def test_nesterov_under_a_schedule(form: str, same: bool) -> None:
    theirs = partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
    ours = partial(SGDNesterov, lr=0.1, form=form)
    a, b = walk(ours, every=halve), walk(theirs, every=halve)
    assert torch.allclose(a[0], b[0], rtol=1e-4) == same
    assert_same(walk(ours), walk(theirs))


MEMBERS: dict[str, tuple[Rule, type[RuleOptimizer], dict[str, Any]]] = {
    **{name: (cls.translation.rule(), cls, {}) for name, cls in CLASSES.items()},
    "sgd": (optim.SGD(), SGDNesterov, {"form": "lookahead"}),
    "adam, uncorrected": (
        optim.Adam(bias_correction=False, beta1=0.5),
        Adam,
        {"bias_correction": False, "betas": (0.5, 0.999)},
    ),
    "adam, efficient": (
        optim.Adam(eps_form=EpsForm.efficient, eps=1e-3, beta1_decay=0.9),
        Adam,
        {"eps_form": "efficient", "eps": 1e-3, "beta1_decay": 0.9},
    ),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", MEMBERS)
def test_equals_a_population_of_one(
    name: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within rounding, in both precisions; defaults are the rule's own."""
    if compiled:  # the same arithmetic, not fused: tests/torch_optim/test_compiled.py compiles
        monkeypatch.setattr(torch, "compile", lambda function, **_: function)
        monkeypatch.setattr(kernels, "KERNELS", {})
    rule, cls, settings = MEMBERS[name]
    for dtype in (torch.float32, torch.float64):
        walked = walk(
            partial(cls, compiled=compiled, **settings), 20, tensors(*SHAPES, dtype=dtype)
        )
        members = [p.detach()[None].clone() for p in tensors(*SHAPES, dtype=dtype)]
        states = [zero_state(type(rule), theta) for theta in members]
        for t in range(1, 21):
            give_gradients(walked, t)
            gradients = [p.grad[None] for p in walked if p.grad is not None]
            coefficients = rule.coefficients(stack([rule]), t)
            apply_rule(type(rule), members, gradients, states, [None] * 5, coefficients)
        exactly = {"rtol": 0.0, "atol": 0.0} if compiled and dtype is torch.float32 else {}
        assert_same([p[None] for p in walked], members, **exactly)
