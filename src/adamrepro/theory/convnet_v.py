"""Section 6.3: does v_hat vanish in Figure 3's ConvNet after a few epochs, and eps dominate?

Where it does, Algorithm 1, which adds eps to sqrt(v_hat), and the efficient form at the end of
section 2, which adds it to sqrt(v), could part: both are trained from the same parameters on the
same minibatches.
"""

import pandas as pd

from adamrepro.data import DataSet
from adamrepro.models import ConvNetConfig, Init
from adamrepro.optim import Adam, EpsForm
from adamrepro.theory.tracing import trained


def run(seed: int, data: DataSet, *, epochs: int) -> pd.DataFrame:
    """A row per eps form, pass and layer, without dropout.

    Columns eps_form, epoch, layer, train_cost (mean over the pass), root (median of sqrt(v_hat)),
    below_eps (share of coordinates with sqrt(v_hat) < eps; a gradient that never came counts),
    snr, step (in alphas; means over the coordinates).
    """
    # weights as in Figure 3
    model = ConvNetConfig(init=Init.normal, init_std=0.01)
    rows = []
    for form in EpsForm:
        rule = Adam(eps_form=form)
        for done in trained(model, rule, data, seed, epochs=epochs, looks=1):
            for layer in done.looks[-1]:
                rows.append(
                    {
                        "eps_form": form.value,
                        "epoch": done.epoch,
                        "layer": layer.name,
                        "train_cost": done.cost,
                        "root": float(layer.root.median()),
                        "below_eps": layer.below(rule.eps),
                        "snr": float(layer.snr.mean()),
                        "step": float(layer.step.mean()),
                    }
                )
    return pd.DataFrame(rows)
