"""Section 5: is AdaGrad the limit of Adam with beta1 = 0, beta2 -> 1 and alpha/sqrt(t)?"""

import pandas as pd

from adamrepro.optim import AdaGrad, Adam, Decay, Schedule
from adamrepro.theory.walk import normal, places

RESTS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
"""1 - beta2."""


def run(seed: int, *, steps: int, coordinates: int) -> pd.DataFrame:
    """How far Adam's walk is from AdaGrad's along the same noisy gradients.

    Columns bias_correction, rest (1 - beta2), gap (largest distance over the whole walk, over the
    largest distance of AdaGrad from its start), first_step (over AdaGrad's).
    """
    g = normal(seed, steps, 1, coordinates)
    theirs = places([AdaGrad(alpha=0.1)], g)
    rows = []
    for corrected in (True, False):
        rules = [
            Adam(alpha=0.1, beta1=0.0, beta2=1 - rest, eps=0.0, bias_correction=corrected)
            for rest in RESTS
        ]
        ours = places(rules, g, Schedule(decay=Decay.sqrt))
        gaps = (ours - theirs).abs().amax((0, 2)) / theirs.abs().max()
        first = ours[0].abs().mean(1) / theirs[0].abs().mean()
        for rest, gap, size in zip(RESTS, gaps.tolist(), first.tolist(), strict=True):
            rows.append(
                {"bias_correction": corrected, "rest": rest, "gap": gap, "first_step": size}
            )
    return pd.DataFrame(rows)
