"""Section 2.1: is Adam's step within alpha (1 - beta1)/sqrt(1 - beta2), or within alpha?

The printed bound is the first where 1 - beta1 > sqrt(1 - beta2), else the second. It is met from
below by one gradient after a long silence. But a step is linear in the gradients under the root of
a weighted sum of their squares, so that Cauchy and Schwarz give its largest value exactly: it is
taken by gradients that grow as (beta2/beta1)^i.
"""

import math

import pandas as pd
import torch

from adamrepro.optim import Adam
from adamrepro.theory.search import largest, searched
from adamrepro.theory.walk import normal

SETTINGS = ((0.9, 0.999), (0.0, 0.999), (0.9, 0.99), (0.95, 0.99), (0.99, 0.999))
"""(beta1, beta2): the first two are of the paper's first case, the third is where both meet."""


def printed(beta1: float, beta2: float) -> float:
    """The bound on |step| / alpha that section 2.1 prints."""
    first = (1 - beta1) / math.sqrt(1 - beta2)
    return first if 1 - beta1 > math.sqrt(1 - beta2) * (1 + 1e-9) else 1.0


def cauchy_schwarz(beta1: float, beta2: float, t: int) -> float:
    """The largest |m_hat_t| / sqrt(v_hat_t) over all gradients g_1 .. g_t.

    With m_t = sum a_i g_i and v_t = sum b_i g_i^2 it is sqrt(sum a_i^2 / b_i), and the corrections.
    """
    total = sum((beta1**2 / beta2) ** k for k in range(t))
    correction = math.sqrt(1 - beta2**t) / (1 - beta1**t)
    return (1 - beta1) / math.sqrt(1 - beta2) * math.sqrt(total) * correction


def run(seed: int, *, steps: int, rounds: int, tries: int) -> pd.DataFrame:
    """Largest step, in alphas, for each setting and kind of gradients.

    Columns beta1, beta2, gradients, largest, printed, cauchy_schwarz. Kinds: `one after silence`;
    `searched`, also after silence; `normal` (dense); `normal, one in 100` (the rest are zero).
    """
    rows = []
    for beta1, beta2 in SETTINGS:
        rule = Adam(alpha=1.0, beta1=beta1, beta2=beta2, eps=0.0)
        silence = round(10 / (1 - beta2))
        dense = normal(seed, 10 * steps, tries)
        generator = torch.Generator().manual_seed(seed)
        rare = torch.rand(dense.shape, generator=generator) < 0.01
        one = float(largest(rule, torch.ones(1, 1, dtype=torch.float64), silence)[0])
        found = searched(rule, seed, steps=steps, rounds=rounds, tries=tries, after=silence)
        kinds = {
            "one after silence": one,
            "searched": found,
            "normal": float(largest(rule, dense).max()),
            "normal, one in 100": float(largest(rule, dense * rare).max()),
        }
        bounds = {
            "printed": printed(beta1, beta2),
            "cauchy_schwarz": cauchy_schwarz(beta1, beta2, silence + steps),
        }
        rows += [
            {"beta1": beta1, "beta2": beta2, "gradients": kind, "largest": value, **bounds}
            for kind, value in kinds.items()
        ]
    return pd.DataFrame(rows)
