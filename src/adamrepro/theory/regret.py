"""Section 4: is Adam's average regret O(1/sqrt(T)) on online convex problems?

Two problems, alpha_t = alpha/sqrt(t) and beta1_t = beta1 lambda^(t-1) as Theorem 4.1 asks:

- `logistic`: online logistic regression, one example after the other; the best parameters in
  hindsight are found at every T.
- `reddi`: the counterexample of Reddi, Kale & Kumar 2018 (section 3): f_t(x) = C x once in C steps,
  else -x, on [-1, 1]. Over C steps that is x, so that -1 is best; the rare large gradient is
  divided by its own root of v, and a rule that forgets it too fast drifts to +1. All (C,
  beta1, beta2) are members of one population.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor

from adamrepro.optim import RULES, Rule, stack, zero_state
from adamrepro.optim.rule import column
from adamrepro.theory.walk import normal

NAMES = ("adam", "amsgrad")
"""Of RULES; one that is not there has no rows."""
LAMBDA = 1 - 1e-8  # "typically close to 1", section 4
BETA1 = (0.0, 0.5, 0.9, 0.99)
BETA2 = (0.1, 0.5, 0.7, 0.9, 0.97, 0.99, 0.997, 0.999, 0.9999)
PERIODS = (3, 11, 31)
"""C of the counterexample: how seldom the large gradient comes."""
ALPHA = 0.1
DIMENSIONS = 10
REPORTS = 5
"""Points in time at which the regret is taken, evenly on the log scale over the last decade."""


class Player:
    """R rules that play online: parameters [R, N], one step per gradient."""

    def __init__(self, rules: Sequence[Rule], start: Tensor) -> None:
        self.rule, self.hyper = type(rules[0]), stack(list(rules))
        self.alpha = self.hyper.alpha
        self.theta = start.clone()
        self.state = zero_state(self.rule, self.theta)
        self.t = 0

    def play(self, g: Tensor) -> None:
        """Take the step of the gradient g [R, N]."""
        self.t += 1
        self.hyper.alpha = self.alpha / math.sqrt(self.t)
        factors = self.rule.coefficients(self.hyper, self.t)
        c = type(factors)(*(column(values, g) for values in factors))
        step, self.state = self.rule.step(g, self.state, c)
        self.theta = self.theta + step


def run(seed: int, *, steps: int) -> pd.DataFrame:
    """Average regret at some T.

    Columns problem, period (C; 0 for logistic), rule, beta1, beta2, T, average_regret (of `reddi`:
    in units of the worst, that of staying at +1).
    """
    rows: list[dict[str, object]] = []
    for name in NAMES:
        if name in RULES:
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
    player = Player(
        [rule_of(name, alpha=ALPHA, beta1=0.9, beta2=0.999)],
        torch.zeros(1, DIMENSIONS, dtype=torch.float64),
    )
    paid, asked = 0.0, set(times(steps))
    for t, (x_t, y_t) in enumerate(zip(x, y, strict=True), start=1):
        margin = y_t * (player.theta[0] @ x_t)
        paid += float(torch.nn.functional.softplus(-margin))
        player.play((-y_t * torch.sigmoid(-margin) * x_t).unsqueeze(0))
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
    player = Player(
        [rule_of(name, alpha=ALPHA, beta1=beta1, beta2=beta2) for _, beta1, beta2 in members],
        (2 * start - 1).expand(len(members), 1),
    )
    rare, often = period.double(), torch.tensor(-1.0, dtype=torch.float64)
    first = (phase * period).long()
    regret = torch.zeros(len(members), dtype=torch.float64)
    asked = set(times(steps))
    for t in range(1, steps + 1):
        g = torch.where(t % period == first, rare, often)
        regret += g * (player.theta[:, 0] + 1)
        player.play(g.unsqueeze(1))
        player.theta.clamp_(-1, 1)
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
