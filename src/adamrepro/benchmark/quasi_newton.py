"""One step of SFO, its cost function left out: against a product with its subspace."""

from collections.abc import Callable, Iterator
from functools import cache
from statistics import median

import torch
from torch import Tensor

from adamrepro.benchmark.turns import Clock, Compared, several, turns
from adamrepro.optim.sfo import SFO

CostAndGradient = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""Of a subfunction, by its number."""

PARAMETERS = 1_797_010
"""Of the multilayer network of section 6.2."""

MINIBATCHES = 25
DIMENSIONS = 5 * MINIBATCHES // 2 + 2
"""Of the subspace, on average: between 2N + 2 and 3N + 3."""

SETTLED_PASSES = 4
"""Passes after which all subfunctions take part and the subspace collapses regularly."""


def compare_sfo(steps: int, repeats: int, clock: Clock) -> Iterator[Compared]:
    """Compare milliseconds per step, in turns of `steps`, on a sum of convex quadratics.

    Their curvatures differ, so that gradients keep pointing out of the subspace, as a network's do.
    The product is P v of a float64 matrix P of parameters x subspace, row by row as the formulas
    write it, or column by column, which is faster.
    """
    sfo, cost = settled_sfo()
    generator = torch.Generator().manual_seed(1)
    theta = torch.zeros(PARAMETERS)
    by_row = torch.randn(PARAMETERS, DIMENSIONS, dtype=torch.float64, generator=generator)
    by_column = by_row.T.contiguous().T
    v = torch.randn(DIMENSIONS, dtype=torch.float64, generator=generator)
    work = {
        "step": several(sfo.step, steps),
        "cost": several(lambda: cost(theta, 0), steps),
        "row by row": several(lambda: by_row @ v, steps),
        "column by column": several(lambda: by_column @ v, steps),
    }
    seconds = turns(work, repeats, clock)
    overhead = [step - cost for step, cost in zip(seconds["step"], seconds["cost"], strict=True)]
    for layout, wanted in (("row by row", 1.5), ("column by column", None)):
        peer = seconds[layout]
        yield Compared(
            name=f"SFO step without its cost, {MINIBATCHES} minibatches / product {layout}",
            ours=1e3 * median(overhead) / steps,
            peer=1e3 * median(peer) / steps,
            unit="ms",
            ratio=median(a / b for a, b in zip(overhead, peer, strict=True)),
            wanted=wanted,
        )


@cache
def settled_sfo() -> tuple[SFO[Tensor, int], CostAndGradient]:
    """Return SFO some passes into a sum of convex quadratics of different curvatures, and these."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(MINIBATCHES, PARAMETERS, generator=generator)
    scales = torch.rand(MINIBATCHES, PARAMETERS, generator=generator) + 0.1

    def cost(theta: Tensor, number: int) -> tuple[Tensor, Tensor]:
        gradient = scales[number] * (theta - centres[number])
        return (theta - centres[number]) @ gradient / 2, gradient

    sfo = SFO(cost, torch.zeros(PARAMETERS), range(MINIBATCHES))
    sfo.optimize(num_passes=SETTLED_PASSES)
    return sfo, cost
