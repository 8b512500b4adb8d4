"""Section 4: is Adam's average regret O(1/sqrt(T)) on online convex problems?

Two problems, alpha_t = alpha/sqrt(t) and beta1_t = beta1 lambda^(t-1) as Theorem 4.1 asks:

- `logistic`: online logistic regression, one example after the other; the best parameters in
  hindsight are found at every T.
- `reddi`: the counterexample of Reddi, Kale & Kumar 2018 (section 3): f_t(x) = C x once in C steps,
  else -x, on [-1, 1]. Over C steps that is x, so that -1 is best; the rare large gradient is
  divided by its own root of v, and a rule that forgets it too fast drifts to +1. All (C,
  beta1, beta2) are members of one population.
"""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize
from scipy.special import expit

from adamrepro.optim import RULES, Rule, Schedule
from adamrepro.optim.schedule import Decay
from adamrepro.theory.walk import Walker, normal

NAMES = ("adam", "amsgrad")
"""Of RULES."""
SCHEDULE = Schedule(decay=Decay.sqrt)
LAMBDA = 1 - 1e-8  # "typically close to 1", section 4
BETA1 = (0.0, 0.5, 0.9, 0.99)
BETA2 = (0.1, 0.5, 0.7, 0.9, 0.97, 0.99, 0.997, 0.999, 0.9999)
PERIODS = (3, 11, 31)
"""C of the counterexample: how seldom the large gradient comes."""
ALPHA = 0.1
DIMENSIONS = 10
REPORTS = 5
"""Points in time at which the regret is taken, evenly on the log scale over the last decade."""


def run(seed: int, *, steps: int) -> pd.DataFrame:
    """Average regret at some T.

    Columns problem, period (C; 0 for logistic), rule, beta1, beta2, T, average_regret (of `reddi`:
    in units of the worst, that of staying at +1).
    """
    rows: list[dict[str, object]] = []
    for name in NAMES:
        rows += [*logistic(name, seed, steps), *reddi(name, seed, steps)]
    return pd.DataFrame(rows)


def rule_of(name: str, **settings: float) -> Rule:
    """A rule of RULES at eps = 0, as in the theorem, and at its lambda where the rule has one."""
    known = {declared.name for declared in fields(RULES[name])}
    decay = {"beta1_decay": LAMBDA} if "beta1_decay" in known else {}
    return RULES[name](name=name, eps=0.0, **decay, **settings)  # type: ignore[call-arg]


def times(steps: int) -> list[int]:
    """The T at which the regret is taken: the last decade decides about its rate."""
    return [int(t) for t in np.geomspace(max(1, steps // 10), steps, REPORTS).round()]


def logistic(name: str, seed: int, steps: int) -> Iterator[dict[str, object]]:
    """Online logistic regression at the rule's default betas."""
    x = normal(seed, steps, DIMENSIONS)
    truth = normal(seed + 1_000_000, DIMENSIONS)
    generator = torch.Generator().manual_seed(seed)
    y = torch.where(
        torch.rand(steps, generator=generator) < torch.sigmoid(x @ truth), 1.0, -1.0
    ).double()
    walker = Walker([rule_of(name, alpha=ALPHA, beta1=0.9, beta2=0.999)], schedule=SCHEDULE)
    theta = torch.zeros(1, DIMENSIONS, dtype=torch.float64)
    paid, asked = 0.0, set(times(steps))
    for t, (x_t, y_t) in enumerate(zip(x, y, strict=True), start=1):
        margin = y_t * (theta[0] @ x_t)
        paid += float(torch.nn.functional.softplus(-margin))
        theta = theta + walker.step((-y_t * torch.sigmoid(-margin) * x_t).unsqueeze(0))
        if t in asked:
            regret = paid - least_cost(x[:t].numpy(), y[:t].numpy())
            yield {
                "problem": "logistic",
                "period": 0,
                "rule": name,
                "beta1": 0.9,
                "beta2": 0.999,
                "T": t,
                "average_regret": regret / t,
            }


def least_cost(x: np.ndarray, y: np.ndarray) -> float:
    """The cost of the best fixed parameters in hindsight: x [T, N], y [T] of -1 and 1."""

    def cost(theta: np.ndarray) -> tuple[float, np.ndarray]:
        margin = y * (x @ theta)
        slope = -y * expit(-margin)
        return float(np.logaddexp(0, -margin).sum()), x.T @ slope

    return float(minimize(cost, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").fun)


def reddi(name: str, seed: int, steps: int) -> Iterator[dict[str, object]]:
    """The counterexample; the seed draws where x starts and when the rare gradient first comes."""
    members = [(period, beta1, beta2) for period in PERIODS for beta1 in BETA1 for beta2 in BETA2]
    period = torch.tensor([member[0] for member in members])
    generator = torch.Generator().manual_seed(seed)
    start, phase = torch.rand(2, generator=generator, dtype=torch.float64)
    rules = [rule_of(name, alpha=ALPHA, beta1=beta1, beta2=beta2) for _, beta1, beta2 in members]
    walker = Walker(rules, schedule=SCHEDULE)
    theta = (2 * start - 1).expand(len(members), 1)
    rare, often = period.double(), torch.tensor(-1.0, dtype=torch.float64)
    first = (phase * period).long()
    regret = torch.zeros(len(members), dtype=torch.float64)
    asked = set(times(steps))
    for t in range(1, steps + 1):
        g = torch.where(t % period == first, rare, often)
        regret += g * (theta[:, 0] + 1)
        theta = (theta + walker.step(g.unsqueeze(1))).clamp(-1, 1)
        if t in asked:
            of_worst = (regret / (2 * t / rare)).tolist()
            for (every, beta1, beta2), value in zip(members, of_worst, strict=True):
                yield {
                    "problem": "reddi",
                    "period": every,
                    "rule": name,
                    "beta1": beta1,
                    "beta2": beta2,
                    "T": t,
                    "average_regret": value,
                }
