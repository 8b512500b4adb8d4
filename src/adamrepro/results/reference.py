"""The paper's own curves, and the one table that says what each of its panels shows.

The numbers are in `results/reference/<panel>.csv`, read from the vector figures of arXiv
1412.6980v9 (the README.md there says how). `PANELS` holds what a panel needs to be drawn and
compared: axes, labels, legend order, and which of our costs at which epoch stands for its points.
"""

from __future__ import annotations

import pandas as pd

from adamrepro.errors import UserError
from adamrepro.paths import REFERENCE
from adamrepro.results.panel import CurvePanel, GridPanel, Panel

_DROPOUT = ("AdaGrad+dropout", "RMSProp+dropout", "SGDNesterov+dropout", "Adam+dropout")
_CONVNET = (
    "AdaGrad",
    "AdaGrad+dropout",
    "SGDNesterov",
    "SGDNesterov+dropout",
    "Adam",
    "Adam+dropout",
)

# What section 6.2 says of SFO beside its curve.
_SFO_EXTRA = ("SFO+dropout", "Adam+dropout")
# SFO evaluates few minibatches at first: a mean over its pass would say little of the whole cost.
_SFO_COSTS = {"SFO": "train_nll", "SFO+dropout": "train_nll"}
_ADAM_SHIFTS = {"Adam": 1, "Adam+dropout": 1}

# The loss of the whole training set at the end of epoch 10 or 100, noise of z drawn once: nearer
# the paper's points than the mean over that pass.
FIGURE_4 = GridPanel(
    name="fig4",
    experiment="fig4",
    x_limits=(-5, -1),
    y_limits=(95, 140),
    x_label=r"$\log_{10}(\alpha)$",
    y_label="Loss",
    series=("corrected", "uncorrected"),
    cost="train_nll",
    epochs=(10, 100),
    beta1=(0.0, 0.9),
    beta2=(0.99, 0.999, 0.9999),
    cap=400.0,
)

_CURVES = (
    # The points fit means over a pass, x = 0 the mean over the first one.
    CurvePanel(
        name="fig1a",
        experiment="fig1a",
        title="MNIST Logistic Regression",
        x_limits=(0, 45),
        y_limits=(0.2, 0.7),
        series=("AdaGrad", "SGDNesterov", "Adam"),
        shift=1,
    ),
    # x = 0 (0.775 for two optimizers alike) looks like the cost before any step.
    CurvePanel(
        name="fig1b",
        experiment="fig1b",
        title="IMDB BoW feature Logistic Regression",
        x_limits=(0, 175),
        y_limits=(0.20, 0.50),
        series=_DROPOUT,
        extra=tuple(name.removesuffix("+dropout") for name in _DROPOUT),
    ),
    # Means over passes of 60,000 examples; the start is outside the panel. Taken as in Figure 1a.
    CurvePanel(
        name="fig2a",
        experiment="fig2a",
        title="MNIST Multilayer Neural Network + dropout",
        x_limits=(0, 200),
        y_limits=(3e-3, 1e-1),
        log_y=True,
        series=("AdaGrad", "RMSProp", "SGDNesterov", "AdaDelta", "Adam"),
        shift=1,
    ),
    # SFO starts at an initial cost (2.54), Adam at a mean over the first pass (0.25). From x = 8
    # on the paper's Adam curve is divided by 2.3 (x - 7); ours is compared with the undivided one.
    CurvePanel(
        name="fig2b_epochs",
        experiment="fig2b",
        title="MNIST Multilayer Neural Network",
        x_limits=(0, 25),
        y_limits=(1e-6, 1e1),
        log_y=True,
        series=("SFO", "Adam"),
        extra=_SFO_EXTRA,
        costs=_SFO_COSTS,
        shifts=_ADAM_SHIFTS,
        y_reference="y_undone",
    ),
    CurvePanel(
        name="fig2b_walltime",
        experiment="fig2b",
        title="",
        x_limits=(0, 100),
        y_limits=(1e-6, 1e1),
        log_y=True,
        x_label="normalized walltime",
        series=("SFO", "Adam"),
        extra=_SFO_EXTRA,
        costs=_SFO_COSTS,
        shifts=_ADAM_SHIFTS,
        stretches={"SFO": 5.0},
        y_reference="y_undone",
    ),
    # Closest to the cost at the end of pass x, noise off. x = 0 cannot be decided: 2.03-2.30,
    # between a mean over the first pass and the initial cost (ln 10 = 2.303).
    CurvePanel(
        name="fig3_left",
        experiment="fig3",
        title="CIFAR10 ConvNet First 3 Epoches",
        x_limits=(0, 3),
        y_limits=(0.5, 3.0),
        series=_CONVNET,
        cost="train_nll",
    ),
    CurvePanel(
        name="fig3_right",
        experiment="fig3",
        title="CIFAR10 ConvNet",
        x_limits=(0, 45),
        y_limits=(1e-4, 3e2),
        log_y=True,
        series=_CONVNET,
        cost="train_nll",
    ),
)
CURVE_PANELS: dict[str, CurvePanel] = {panel.name: panel for panel in _CURVES}
PANELS: dict[str, Panel] = {**CURVE_PANELS, FIGURE_4.name: FIGURE_4}

# Where an experiment has two panels, its runs are selected on the one that shows all epochs.
_MAIN_PANEL = {"fig2b": "fig2b_epochs", "fig3": "fig3_right"}
EXPERIMENTS = tuple(dict.fromkeys(panel.experiment for panel in PANELS.values()))


def panel_of(name: str) -> Panel:
    """The panel called `name`, or the one on which the runs of experiment `name` are selected."""
    try:
        return PANELS[_MAIN_PANEL.get(name, name)]
    except KeyError:
        raise UserError(f"{name}: no such panel; expected one of {', '.join(PANELS)}") from None


def read_reference(name: str) -> pd.DataFrame:
    """The paper's curves of a panel.

    Columns series, x, y, kind, visible; Figure 2b also y_undone; Figure 4 series, epochs,
    beta1, beta2, alpha, loss, kind, visible. `visible` is what the paper's panel shows.
    """
    path = REFERENCE / f"{panel_of(name).name}.csv"
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; it comes with the repository (git restore)"
        ) from None
    return table.astype({"visible": bool})


def read_references() -> dict[str, pd.DataFrame]:
    """The paper's curves of every panel, by panel name."""
    return {name: read_reference(name) for name in PANELS}
