"""Section 3: is E[v_t] = E[g_t^2] (1 - beta2^t), up to a zeta that can be kept small?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adamrepro.optim import Adam
from adamrepro.theory.walk import walk

BETA2 = (0.9, 0.99, 0.999, 0.9999)
DENSITY = 0.01
HALVED = 1000
"""Steps in which E[g^2] halves where it drifts."""
KINDS = ("stationary", "sparse", "drifting")


def second_moment(kind: str, t: int) -> float:
    """E[g_t^2]."""
    drifting: float = 0.5 ** (t / HALVED)
    return {"stationary": 1.0, "sparse": DENSITY, "drifting": drifting}[kind]


def gradients(kind: str, seed: int, steps: int, chains: int) -> Iterator[Tensor]:
    """Normal gradients [1, chains] per step: of variance 1, mostly zero, or shrinking."""
    generator = torch.Generator().manual_seed(seed)
    for t in range(1, steps + 1):
        g = torch.randn(1, chains, generator=generator, dtype=torch.float64)
        if kind == "sparse":
            g *= torch.rand(1, chains, generator=generator) < DENSITY
        elif kind == "drifting":
            g *= second_moment(kind, t) ** 0.5
        yield g


def run(seed: int, *, steps: int, chains: int) -> pd.DataFrame:
    """v_t over independent chains, against what section 3 expects.

    Columns gradients, beta2, t, ratio (mean v_t over E[g_t^2] (1 - beta2^t)), spread (standard
    deviation of v_t over its expectation: how reliable one estimate is).
    """
    rules = [Adam(beta1=0.0, beta2=beta2) for beta2 in BETA2]
    asked = {int(t) for t in np.geomspace(1, steps, 7).round()}
    rows = []
    for kind in KINDS:
        states = walk(rules, gradients(kind, seed, steps, chains))
        for t, (_, state) in enumerate(states, start=1):
            if t not in asked:
                continue
            mean, spread = state.v.mean(1), state.v.std(1)
            for beta2, mean_v, spread_v in zip(BETA2, mean.tolist(), spread.tolist(), strict=True):
                expected = second_moment(kind, t) * (1 - beta2**t)
                rows.append(
                    {
                        "gradients": kind,
                        "beta2": beta2,
                        "t": t,
                        "ratio": mean_v / expected,
                        "spread": spread_v / expected,
                    }
                )
    return pd.DataFrame(rows)
