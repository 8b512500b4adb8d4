"""The largest step of a rule over sequences of gradients, found by search."""

import torch
from torch import Tensor

from adamrepro.optim import Rule
from adamrepro.theory.walk import normal, walk


def largest(rule: Rule, gradients: Tensor, after: int = 0) -> Tensor:
    """The largest |step| / alpha along each of N sequences: gradients [T, N] -> [N]."""
    found = torch.zeros(gradients.shape[1], dtype=torch.float64)
    for step, _ in walk([rule], gradients.unsqueeze(1), after=after):
        found = torch.maximum(found, step[0].abs() / rule.alpha)
    return found


def searched(
    rule: Rule, seed: int, *, steps: int, rounds: int, tries: int, after: int = 0
) -> float:
    """Climb from `tries` random sequences of gradients; return the largest |step| / alpha.

    The `after` steps before a sequence have gradient zero. At first half of each sequence is zero,
    and half of the sequences have a common sign. A round proposes a change to each, and keeps it
    where the largest step grows. The search knows nothing of the rule.
    """
    generator = torch.Generator().manual_seed(seed)
    gradients = normal(seed, steps, tries)
    gradients = gradients.masked_fill(torch.rand(steps, tries, generator=generator) < 0.5, 0.0)
    gradients[:, : tries // 2].abs_()
    best = largest(rule, gradients, after)
    for _ in range(rounds):
        changed = proposal(gradients, generator)
        found = largest(rule, changed, after)
        better = found > best
        gradients = torch.where(better, changed, gradients)
        best = torch.where(better, found, best)
    return float(best.max())


def proposal(gradients: Tensor, generator: torch.Generator) -> Tensor:
    """Change each sequence [T, N] in one of two ways, by an amount that differs between them.

    Either some gradients get another size, now and then zero or another sign; or all of them are
    multiplied by a factor that grows or falls geometrically over the sequence.
    """
    steps, tries = gradients.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    amount = 10 ** (2 * uniform(tries) - 2)  # 0.01 to 1
    size = (amount * torch.randn(steps, tries, generator=generator, dtype=torch.float64)).exp()
    fresh = torch.where(gradients == 0, size - 1, gradients * size)
    fresh = torch.where(uniform(steps, tries) < 0.1, -fresh, fresh)
    fresh = fresh.masked_fill(uniform(steps, tries) < 0.1, 0.0)
    redrawn = uniform(steps, tries) < 0.5 * uniform(tries)
    some = torch.where(redrawn, fresh, gradients)
    rate = amount * torch.randn(tries, generator=generator, dtype=torch.float64)
    tilted = gradients * (rate * torch.arange(steps).unsqueeze(1)).clamp(-50, 50).exp()
    return torch.where(uniform(tries) < 0.2, tilted, some)
