"""Claims of section 6.2 on SFO, decided by Figure 2b."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.claims import effects
from adamrepro.claims.claim import INF, Check, Claim, Kind, Needs
from adamrepro.claims.effects import HALF
from adamrepro.claims.selection import Chosen
from adamrepro.results.schema import training_examples
from adamrepro.results.seconds import training_seconds

LINEAR = (0.9, 1.1)
CLEAN = "train_nll"
"""SFO evaluates few minibatches at first, so that a mean over its pass says little: costs of the
whole training set at the end of a pass are compared, noise off."""
_UNTIMED = "no runs whose processor time is known (cpu_seconds)"


def _speed(chosen: Chosen) -> list[Check]:
    """Adam below SFO over passes and over time; time of a pass; memory against minibatches."""
    sfo, adam = chosen.costs("SFO", CLEAN), chosen.costs("Adam", CLEAN)
    over_passes = Check(
        what="SFO above Adam over all passes",
        unit="dex",
        values=tuple(effects.mean_gap(sfo, adam).tolist()),
        within=(0.0, INF),
        why=effects.ORDER,
        runs=2 * len(sfo),
    )
    return [over_passes, _over_time(chosen, sfo, adam), _pass_time(chosen), memory(chosen)]


def _over_time(chosen: Chosen, sfo: np.ndarray, adam: np.ndarray) -> Check:
    """SFO against what Adam has reached after the same time; Adam's last cost stands for later."""
    paces = _paces(chosen)
    passes = np.arange(1, sfo.shape[1] + 1)
    values = []
    for row, (theirs, ours) in enumerate(zip(sfo, adam, strict=True)):
        if paces is not None:
            times = passes * paces["SFO"][row] / paces["Adam"][row]
            then = 10 ** np.interp(times, passes, np.log10(ours))
            values.append(float(effects.mean_gap(theirs, then)))
    return Check(
        what="SFO above Adam at equal training times",
        unit="dex",
        values=tuple(values),
        within=(0.0, INF),
        why=effects.ORDER,
        runs=2 * len(values),
        missing="" if values else _UNTIMED,
    )


def _pass_time(chosen: Chosen) -> Check:
    """Time of a pass of SFO over that of a pass of Adam: Figure 2b's iteration is a pass."""
    paces = _paces(chosen)
    values = () if paces is None else tuple((paces["SFO"] / paces["Adam"]).tolist())
    return Check(
        what="time of a pass of SFO, in passes of Adam",
        unit="times",
        values=values,
        within=(5.0, 10.0),
        why="the sentence: 5-10x slower per iteration",
        runs=2 * len(values),
        missing="" if values else _UNTIMED,
    )


def _paces(chosen: Chosen) -> dict[str, np.ndarray] | None:
    """Seconds per pass of both series; None where they are not known of every run."""
    found = {}
    for series in ("SFO", "Adam"):
        runs = chosen.run_of(series)
        seconds = training_seconds(runs)
        if seconds.isna().any():
            return None
        found[series] = (seconds / runs["training.epochs"]).to_numpy(dtype=float)
    return found


def memory(chosen: Chosen) -> Check:
    """The exponent p in memory ~ minibatches^p over all sizes that were run; not left to chance."""
    sfo = chosen.every[chosen.every["series"] == "SFO"].dropna(subset="optimizer_mb")
    points = sfo.groupby(minibatches(sfo))["optimizer_mb"].median()
    values: tuple[float, ...] = ()
    if len(points) >= 2:
        count = points.index.to_numpy(dtype=float)
        fit = np.polyfit(np.log(count), np.log(points.to_numpy(dtype=float)), 1)
        values = (float(fit[0]),)
    return Check(
        what="exponent of SFO's memory in the number of minibatches",
        unit="",
        values=values,
        within=LINEAR,
        why="linear: twice the minibatches, 1.9 to 2.1 times the memory",
        runs=len(sfo),
        exact=True,
        missing="" if values else "fewer than two numbers of minibatches",
    )


def minibatches(runs: pd.DataFrame) -> np.ndarray:
    """How many minibatches each run cut its examples into."""
    return np.asarray(np.ceil(training_examples(runs) / runs["training.batch_size"]), dtype=float)


def _noise(chosen: Chosen) -> list[Check]:
    """How far SFO with dropout comes, of the way that Adam goes on the same kind of cost.

    By the last pass alone: clean costs have no noise to average over, and a run may be falling.
    """
    way = {}
    for series in ("SFO+dropout", "Adam+dropout"):
        costs = chosen.costs(series, CLEAN)
        way[series] = np.log10(np.log(10)) - np.log10(costs[:, -1])
    share = way["SFO+dropout"] / way["Adam+dropout"]
    return [
        Check(
            what="fall of SFO with dropout from ln 10, in dex, over that of Adam with dropout",
            unit="",
            values=tuple(share.tolist()),
            within=(-INF, HALF),
            why="failed to converge: less than half of the way down that Adam goes",
            runs=2 * len(share),
        )
    ]


SFO_SPEED = Claim(
    id="sfo-speed",
    section="6.2",
    sentence="Adam makes faster progress than SFO in terms of both the number of iterations and "
    "wall-clock time; SFO is 5-10x slower per iteration, and has a memory requirement that is "
    "linear in the number of minibatches (multilayer network, MNIST)",
    needs=Needs(kind=Kind.CURVES, table="fig2b", series=("SFO", "Adam")),
    checks=_speed,
    slip="The wall-time panel of Figure 2b is its epochs panel with SFO's epochs times exactly 5: "
    "one factor, not a measured time axis.",
)
SFO_NOISE = Claim(
    id="sfo-noise",
    section="6.2",
    sentence="SFO assumes deterministic subfunctions, and failed to converge on cost functions "
    "with stochastic regularization (multilayer network with dropout, MNIST)",
    needs=Needs(kind=Kind.CURVES, table="fig2b", series=("SFO+dropout", "Adam+dropout")),
    checks=_noise,
)
