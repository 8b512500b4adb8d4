"""Schedule-free AdamW against its authors' package, at both of its places."""

from typing import Any

import pytest
import schedulefree
import torch
from torch import Tensor
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import Schedule, ScheduleFree

STEPS = 200


@pytest.mark.parametrize("warmup", [None, 30])
@pytest.mark.parametrize("settings", [{}, {"beta1": 0.5, "weight_decay": 0.3}, {"beta1": 0.0}])
def test_schedule_free_is_its_authors_package(
    settings: dict[str, float], warmup: int | None
) -> None:
    """y, where gradients are taken, and x, where costs are evaluated; under a warm-up as well."""
    gradients, start = noisy(STEPS, 3, 5), torch.randn(3, 5, dtype=torch.float64)
    rule = ScheduleFree(alpha=0.01, **settings)
    theta = start.clone()
    theirs = schedulefree.AdamWScheduleFreeReference(
        [theta],
        lr=rule.alpha,
        betas=(rule.beta1, rule.beta2),
        weight_decay=rule.weight_decay,
        warmup_steps=warmup or 0,
    )
    theirs.train()
    y, x = [start], [start]
    for g in gradients:
        theta.grad = g.clone()
        theirs.step()
        y.append(theta.clone())
        x.append(theirs.state[theta]["x"].clone())
    options: dict[str, Any] = {
        "start": start[None],
        "outputs": 2,
        "schedule": Schedule(warmup=warmup),
    }
    assert_same_walk(walk([rule], gradients, **options), torch.stack(y))
    assert_same_walk(walk([rule], gradients, **options, evaluated=True), torch.stack(x))


def test_schedule_free_averages_all_iterates_alike() -> None:
    """At a constant alpha x is the mean of z_1, ..., z_t; at beta1 0 gradients are taken at z."""
    gradients = noisy(50, 4)
    z = walk([ScheduleFree(beta1=0.0)], gradients)
    x = walk([ScheduleFree(beta1=0.0)], gradients, evaluated=True)
    means: list[Tensor] = [z[1 : t + 1].mean(0) for t in range(1, 51)]
    assert_same_walk(x[1:], torch.stack(means))


def test_schedule_free_forgets_small_steps_of_a_warm_up() -> None:
    """Weights alpha_t^2: the late half of a warm-up counts seven times as much as the early."""
    schedule, gradients = Schedule(warmup=50), noisy(50, 4)
    z = walk([ScheduleFree(beta1=0.0)], gradients, schedule=schedule)[1:]
    x = walk([ScheduleFree(beta1=0.0)], gradients, schedule=schedule, evaluated=True)[-1]
    weights = torch.arange(1, 51, dtype=torch.float64) ** 2
    expected = (weights.unsqueeze(1) * z).sum(0) / weights.sum()
    torch.testing.assert_close(x, expected, rtol=1e-10, atol=0)
