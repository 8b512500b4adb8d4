"""Section 2.1: does |m_hat| / sqrt(v_hat) fall towards an optimum, and the step with it?

The network of Figure 2 without dropout, by Adam at its defaults: its cost falls by orders of
magnitude.
"""

import pandas as pd

from adamrepro.data import DataSet
from adamrepro.models import MlpConfig
from adamrepro.optim import Adam
from adamrepro.theory.tracing import trained

LOOKS = 5


def run(seed: int, data: DataSet, *, epochs: int, hidden: int) -> pd.DataFrame:
    """A row per pass and layer.

    Columns epoch, layer, train_cost (mean over the pass), snr and step (in alphas): means over the
    layer's coordinates whose gradient was ever not zero, and over the last steps of the pass.
    """
    rows = []
    for done in trained(MlpConfig(hidden=hidden), Adam(), data, seed, epochs=epochs, looks=LOOKS):
        for seen in zip(*done.looks, strict=True):
            rows.append(
                {
                    "epoch": done.epoch,
                    "layer": seen[0].name,
                    "train_cost": done.cost,
                    "snr": sum(float(layer.snr.mean()) for layer in seen) / len(seen),
                    "step": sum(float(layer.step.mean()) for layer in seen) / len(seen),
                }
            )
    return pd.DataFrame(rows)
