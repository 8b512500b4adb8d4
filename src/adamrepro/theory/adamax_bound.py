"""Section 7.1: is AdaMax's step at most alpha?

u_t is at least beta2^(t-i) |g_i|, so that |step| / alpha <= sum_i w_i beta2^-(t-i), w_i the weights
of m_hat. That is 1 as beta2 -> 1, above 1 below it, and grows with t where beta1 >= beta2; it is
taken by gradients that shrink as beta2^i.
"""

import pandas as pd

from adamrepro.optim import AdaMax
from adamrepro.theory.search import largest, searched
from adamrepro.theory.walk import normal

SETTINGS = ((0.9, 0.999), (0.9, 0.99), (0.9, 0.95), (0.95, 0.9))


def bound(beta1: float, beta2: float, t: int) -> float:
    """The largest |m_hat_t| / u_t over all gradients g_1 .. g_t."""
    total = sum((1 - beta1) * (beta1 / beta2) ** k for k in range(t))
    return total / (1 - beta1**t)


def run(seed: int, *, steps: int, rounds: int, tries: int) -> pd.DataFrame:
    """Largest step, in alphas. Columns beta1, beta2, gradients, largest, printed (1), derived.

    Kinds of gradients: `searched`; `normal`; `growing` (absolute values add up, signs are random).
    """
    rows = []
    for beta1, beta2 in SETTINGS:
        rule = AdaMax(alpha=1.0, beta1=beta1, beta2=beta2)
        dense = normal(seed, 10 * steps, tries)
        found = searched(rule, seed, steps=steps, rounds=rounds, tries=tries)
        kinds = {
            "searched": found,
            "normal": float(largest(rule, dense).max()),
            "growing": float(largest(rule, dense.abs().cumsum(0) * dense.sign()).max()),
        }
        derived = max(bound(beta1, beta2, t) for t in range(1, steps + 1))
        rows += [
            {
                "beta1": beta1,
                "beta2": beta2,
                "gradients": kind,
                "largest": value,
                "printed": 1.0,
                "derived": derived,
            }
            for kind, value in kinds.items()
        ]
    return pd.DataFrame(rows)
