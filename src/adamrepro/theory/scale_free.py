"""Section 2.1: does the step stay what it is when all gradients are rescaled?"""

import pandas as pd

from adamrepro.optim import Adam
from adamrepro.theory.walk import normal, places

SCALES = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 0.1, 3.0, 10.0, 1e2, 1e4, 1e6, 1e8, 1e10)
EPS = (0.0, 1e-8)


def run(seed: int, *, steps: int, coordinates: int) -> pd.DataFrame:
    """How far a walk along c g is from the walk along g ~ N(0, 1), relative to its length.

    Columns eps, scale (c), change: root mean square over coordinates of the difference between the
    places after `steps`, over that of the places.
    """
    g = normal(seed, steps, 1, coordinates)
    rows = []
    for eps in EPS:
        rule = Adam(eps=eps)
        end = places([rule], g)[-1]
        for scale in SCALES:
            away = places([rule], scale * g)[-1] - end
            change = float(away.square().mean().sqrt() / end.square().mean().sqrt())
            rows.append({"eps": eps, "scale": scale, "change": change})
    return pd.DataFrame(rows)
