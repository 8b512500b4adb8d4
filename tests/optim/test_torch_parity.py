"""torch.optim as the oracle: equal step by step where the definitions agree."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from walking import assert_same_walk, noisy, walk

from adamrepro.optim import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Decay,
    EpsForm,
    NAdam,
    RAdam,
    RMSProp,
    Rule,
    Schedule,
    VelocityForm,
)

STEPS = 200


def sqrt_decay(t: int) -> float:
    return t**-0.5


def walk_torch(
    make: Callable[[list[Tensor]], torch.optim.Optimizer],
    gradients: Tensor,
    factor: Callable[[int], float] = lambda t: 1.0,
    start: Tensor | None = None,
) -> Tensor:
    """Walk along gradients [T, ...] with an optimizer of torch, alpha times factor(t)."""
    theta = torch.zeros_like(gradients[0]) if start is None else start.clone()
    optimizer = make([theta])
    alpha = optimizer.param_groups[0]["lr"]
    places = [theta.clone()]
    for t, g in enumerate(gradients, start=1):
        optimizer.param_groups[0]["lr"] = alpha * factor(t)
        theta.grad = g.clone()
        optimizer.step()
        places.append(theta.detach().clone())
    return torch.stack(places)


@dataclass
class Pair:
    """A rule, and the optimizer of torch that is the same method."""

    rule: Rule
    theirs: type[torch.optim.Optimizer]
    settings: dict[str, Any]
    relative: float = 1e-12


SAME = {
    "sgd": Pair(SGD(alpha=0.1, momentum=0.0, nesterov=False), torch.optim.SGD, {"lr": 0.1}),
    "classical momentum": Pair(
        SGD(alpha=0.1, momentum=0.9, nesterov=False),
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9},
    ),
    "nesterov, rearranged": Pair(
        SGD(alpha=0.1, momentum=0.9, form=VelocityForm.rearranged),
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    "nesterov, lookahead": Pair(
        SGD(alpha=0.1, momentum=0.9, form=VelocityForm.lookahead),
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    "adam": Pair(Adam(), torch.optim.Adam, {"lr": 1e-3}),
    "adam, other betas": Pair(
        Adam(alpha=0.1, beta1=0.5, beta2=0.9, eps=1e-3),
        torch.optim.Adam,
        {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3},
    ),
    "adam, eps 0": Pair(Adam(eps=1e-300), torch.optim.Adam, {"lr": 1e-3, "eps": 1e-300}),
    "adamax, eps 0": Pair(AdaMax(), torch.optim.Adamax, {"lr": 2e-3, "eps": 0.0}),
    "adagrad": Pair(AdaGrad(eps=1e-10), torch.optim.Adagrad, {"lr": 1e-2, "eps": 1e-10}),
    "rmsprop": Pair(RMSProp(decay=0.99), torch.optim.RMSprop, {"lr": 1e-3}),
    "rmsprop with momentum": Pair(
        RMSProp(decay=0.9, momentum=0.9, eps=1e-4),
        torch.optim.RMSprop,
        {"lr": 1e-3, "alpha": 0.9, "momentum": 0.9, "eps": 1e-4},
    ),
    "adadelta": Pair(AdaDelta(rho=0.9), torch.optim.Adadelta, {"rho": 0.9}),
    "adamw": Pair(
        AdamW(alpha=0.1, weight_decay=0.5), torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.5}
    ),
    "amsgrad": Pair(
        AMSGrad(beta2=0.9), torch.optim.Adam, {"lr": 1e-3, "betas": (0.9, 0.9), "amsgrad": True}
    ),
    # torch keeps the product of mu_t in float32
    "nadam": Pair(NAdam(), torch.optim.NAdam, {"lr": 2e-3}, relative=1e-6),
    "nadam, faster": Pair(
        NAdam(beta1=0.5, momentum_decay=0.3),
        torch.optim.NAdam,
        {"lr": 2e-3, "betas": (0.5, 0.999), "momentum_decay": 0.3},
        relative=1e-6,
    ),
    "radam": Pair(RAdam(rho_above=5), torch.optim.RAdam, {"lr": 1e-3}),
    "radam, never rectified": Pair(
        RAdam(beta2=0.5, rho_above=5), torch.optim.RAdam, {"lr": 1e-3, "betas": (0.9, 0.5)}
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_equals_torch(name: str) -> None:
    pair = SAME[name]
    gradients = noisy(STEPS, 3, 5)
    gradients[0] = gradients[0].abs() + 1e-3  # torch's Adamax without eps has no answer to 0/0
    ours = walk([pair.rule], gradients, outputs=2)
    theirs = walk_torch(partial(pair.theirs, **pair.settings), gradients)
    assert_same_walk(ours, theirs, pair.relative)


def test_weight_decay_joins_the_gradient_as_in_torch() -> None:
    gradients, start = noisy(STEPS, 3, 5), torch.randn(3, 5, dtype=torch.float64)
    ours = walk([Adam(alpha=0.01)], gradients, start=start[None], l2=[0.3])
    make = partial(torch.optim.Adam, lr=0.01, weight_decay=0.3)
    theirs = walk_torch(make, gradients, start=start)
    assert_same_walk(ours, theirs)


def test_adamax_differs_by_torchs_eps_alone() -> None:
    """Algorithm 2 has none; torch adds eps to |g| inside the maximum: u grows by eps at most."""
    gradients, eps = noisy(STEPS, 20).abs() + 1e-4, 1e-6
    ours = walk([AdaMax()], gradients).diff(dim=0)
    theirs = walk_torch(partial(torch.optim.Adamax, lr=2e-3, eps=eps), gradients).diff(dim=0)
    ratio = ours / theirs  # u + eps over u, and u >= |g_t|
    assert (ratio >= 1 - 1e-9).all()
    assert (ratio <= 1 + eps / gradients.abs() + 1e-9).all()
    assert ratio.max() > 1 + 1e-5


def test_nesterov_forms_differ_under_decay() -> None:
    """`rearranged` stays torch's method; `lookahead` keeps old gradients at their old step."""
    schedule, gradients = Schedule(decay=Decay.sqrt), noisy(STEPS, 7)
    theirs = walk_torch(
        partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
        gradients,
        sqrt_decay,
    )
    rearranged = walk([SGD(alpha=0.1, form=VelocityForm.rearranged)], gradients, schedule=schedule)
    lookahead = walk([SGD(alpha=0.1, form=VelocityForm.lookahead)], gradients, schedule=schedule)
    assert_same_walk(rearranged, theirs)
    assert ((lookahead - theirs)[-1].abs() > 1e-2 * theirs.abs().amax(0)).all()


def test_rmsprop_momentum_differs_under_decay() -> None:
    """torch scales the gathered momentum by the present alpha, Graves 2013 gathers the steps."""
    schedule, gradients = Schedule(decay=Decay.sqrt), noisy(STEPS, 7)

    def both(momentum: float) -> tuple[Tensor, Tensor]:
        ours = walk([RMSProp(momentum=momentum)], gradients, schedule=schedule)
        settings = {"lr": 1e-3, "alpha": 0.9, "momentum": momentum}
        return ours, walk_torch(partial(torch.optim.RMSprop, **settings), gradients, sqrt_decay)

    assert_same_walk(*both(0.0))
    ours, theirs = both(0.9)
    assert not torch.allclose(ours, theirs, rtol=1e-3)


def test_efficient_eps_differs_from_torchs_early_on_only() -> None:
    """eps on sqrt(v) counts as eps / sqrt(1 - beta2^t): most at the start, the same in the end."""
    gradients = torch.full((200, 1), 1e-4, dtype=torch.float64)
    rule = Adam(beta2=0.9, eps=1e-5, eps_form=EpsForm.efficient)
    ours = walk([rule], gradients).diff(dim=0)
    make = partial(torch.optim.Adam, betas=(0.9, 0.9), eps=1e-5)
    theirs = walk_torch(make, gradients).diff(dim=0)
    assert ours[0] / theirs[0] < 0.85
    torch.testing.assert_close(ours[-1], theirs[-1], rtol=1e-6, atol=0)
