"""The compiled update gives the eager numbers, for every rule."""

import pytest
import torch
from walking import EVERY_RULE, noisy

from adamrepro.optim import RULES, can_compile, make_update, stack, zero_state

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_compile(), reason="torch.compile needs a C++ compiler"),
]


@pytest.mark.parametrize("name", EVERY_RULE)
def test_compiled_equals_eager(name: str) -> None:
    rule, steps = RULES[name], 20
    gradients = [noisy(steps, *shape, dtype=torch.float32) for shape in ((3, 17, 5), (3, 1, 5))]
    members = [rule(), rule(alpha=0.3), rule(alpha=1e-4, averaging=0.9)]
    hyper, l2 = stack(members), torch.tensor([0.0, 1e-4, 1e-2], dtype=torch.float64)
    outputs = [2, None]
    places = {}
    for compiled in (False, True):
        update = make_update(rule, compiled=compiled)
        thetas = [torch.ones_like(g[0]) for g in gradients]
        states = [
            zero_state(rule, theta, axis) for theta, axis in zip(thetas, outputs, strict=True)
        ]
        for t in range(1, steps + 1):
            now = [g[t - 1] for g in gradients]
            update(thetas, now, states, [l2, None], rule.coefficients(hyper, t), outputs)
        places[compiled] = thetas
    for eager, fused in zip(places[False], places[True], strict=True):
        torch.testing.assert_close(fused, eager, rtol=2e-5, atol=1e-7)
        assert not torch.equal(eager, torch.ones_like(eager))


def test_many_shapes_in_one_process() -> None:
    """A worker meets population after population; each has its own compiled update to the last."""
    rule = RULES["sgd"]
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        for layers in range(1, 13):
            update = make_update(rule, compiled=True)
            thetas = [torch.ones(2, 3) for _ in range(layers)]
            g = [torch.ones(2, 3)] * layers
            states = [zero_state(rule, theta) for theta in thetas]
            coefficients = rule.coefficients(stack([rule(alpha=0.1)] * 2), 1)
            update(thetas, g, states, [None] * layers, coefficients)
            assert not any(torch.equal(theta, torch.ones_like(theta)) for theta in thetas)
