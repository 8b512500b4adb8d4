"""Claims of sections 6.1 to 6.3 that Figures 1 to 3 decide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adamrepro.claims import effects
from adamrepro.claims.claim import INF, Check, Claim, Kind, Needs
from adamrepro.claims.effects import HALF
from adamrepro.claims.selection import Chosen
from adamrepro.results.reference import read_reference

ZERO = dict.fromkeys(effects.MEASURES, 0.0)


def _logistic(chosen: Chosen) -> list[Check]:
    """Adam like SGD; AdaGrad above both by more than what the sentence calls similar."""
    similar = effects.paper_distance("fig1a", "Adam", "SGDNesterov")
    twice = "twice the paper's own distance between Adam and SGDNesterov, which it calls similar"
    return [
        *effects.alike(chosen, "Adam", "SGDNesterov", less_than=similar, why=twice),
        *effects.gaps(chosen, "AdaGrad", "Adam", more_than=similar, why=twice),
        *effects.gaps(chosen, "AdaGrad", "SGDNesterov", more_than=similar, why=twice),
    ]


def _imdb(chosen: Chosen) -> list[Check]:
    """SGD far above AdaGrad, Adam no slower than AdaGrad; with dropout and without."""
    noisy = ("SGDNesterov+dropout", "AdaGrad+dropout", "Adam+dropout")
    large = effects.paper_gaps("fig1b", noisy[0], noisy[1])
    same = effects.paper_distance("fig1b", noisy[2], noisy[1])
    checks = []
    for sgd, adagrad, adam in (noisy, [name.removesuffix("+dropout") for name in noisy]):
        checks += effects.gaps(
            chosen,
            sgd,
            adagrad,
            more_than=large,
            why="half of the margin that the paper draws with dropout and calls large",
        )
        checks += effects.no_slower(
            chosen,
            adam,
            adagrad,
            less_than=same,
            why="twice the paper's own distance between Adam and AdaGrad, as fast by its words",
        )
    return checks


def _mlp(chosen: Chosen) -> list[Check]:
    """Each of the other four above Adam."""
    return [
        check
        for other in ("AdaGrad", "RMSProp", "SGDNesterov", "AdaDelta")
        for check in effects.gaps(chosen, other, "Adam", more_than=ZERO, why=effects.ORDER)
    ]


def _early(chosen: Chosen) -> list[Check]:
    """Fall of the cost over three passes, from that of a uniform guess."""
    paper = read_reference("fig3_left")
    checks = []
    for series in ("AdaGrad", "AdaGrad+dropout", "Adam", "Adam+dropout"):
        drawn = paper.loc[(paper["series"] == series) & (paper["x"] == 3), "y"].iloc[0]
        fall = np.log10(np.log(10) / chosen.costs(series, passes=3)[:, -1])
        checks.append(
            Check(
                what=f"fall of {series} in three passes, from ln 10",
                unit="dex",
                values=tuple(fall.tolist()),
                within=(HALF * float(np.log10(np.log(10) / drawn)), INF),
                why="half of the fall that the paper draws and calls rapid",
                runs=len(fall),
            )
        )
    return checks


def _late(chosen: Chosen) -> list[Check]:
    """AdaGrad far above Adam and SGD at the end, SGD above Adam; with dropout and without."""
    checks = []
    for end in ("", "+dropout"):
        adam, sgd, adagrad = (f"{name}{end}" for name in ("Adam", "SGDNesterov", "AdaGrad"))
        for below in (adam, sgd):
            half = effects.paper_gaps("fig3", adagrad, below)
            why = "half of the distance that the paper draws and calls considerable"
            checks.append(effects.gaps(chosen, adagrad, below, more_than=half, why=why)[0])
        checks.append(effects.gaps(chosen, sgd, adam, more_than=ZERO, why=effects.ORDER)[0])
    return checks


def _claim(
    name: str,
    section: str,
    sentence: str,
    table: str,
    series: tuple[str, ...],
    checks: Callable[[Chosen], list[Check]],
    passes: int | None = None,
) -> Claim:
    needs = Needs(kind=Kind.CURVES, table=table, series=series, passes=passes)
    return Claim(id=name, section=section, sentence=sentence, needs=needs, checks=checks)


_CONVNET = tuple(
    name + end for end in ("", "+dropout") for name in ("AdaGrad", "SGDNesterov", "Adam")
)

MNIST_LOGISTIC = _claim(
    "mnist-logistic",
    "6.1",
    "Adam yields similar convergence as SGD with momentum and both converge faster than AdaGrad "
    "(logistic regression, MNIST)",
    "fig1a",
    ("AdaGrad", "SGDNesterov", "Adam"),
    _logistic,
)
IMDB_SPARSE = _claim(
    "imdb-sparse",
    "6.1",
    "Adagrad outperforms SGD with Nesterov momentum by a large margin both with and without "
    "dropout noise; Adam converges as fast as Adagrad (IMDB bag of words)",
    "fig1b",
    (
        "AdaGrad+dropout",
        "SGDNesterov+dropout",
        "Adam+dropout",
        "AdaGrad",
        "SGDNesterov",
        "Adam",
    ),
    _imdb,
)
MLP_DROPOUT = _claim(
    "mlp-dropout",
    "6.2",
    "Adam shows better convergence than other methods (multilayer network with dropout, MNIST)",
    "fig2a",
    ("AdaGrad", "RMSProp", "SGDNesterov", "AdaDelta", "Adam"),
    _mlp,
)
CONVNET_EARLY = _claim(
    "convnet-early",
    "6.3",
    "Adam and AdaGrad make rapid progress lowering the cost in the initial stage of the training "
    "(ConvNet, CIFAR-10)",
    "fig3",
    ("AdaGrad", "AdaGrad+dropout", "Adam", "Adam+dropout"),
    _early,
    passes=3,
)
CONVNET_LATE = _claim(
    "convnet-late",
    "6.3",
    "Adam and SGD eventually converge considerably faster than AdaGrad; Adam shows marginal "
    "improvement over SGD with momentum (ConvNet, CIFAR-10)",
    "fig3",
    _CONVNET,
    _late,
)
