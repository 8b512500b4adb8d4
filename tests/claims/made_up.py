"""Made-up evidence for every claim: on either side of its threshold, too few seeds, too little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adamrepro.claims import Book, Verdict
from adamrepro.results.reference import panel_of, read_references
from adamrepro.results.schema import Tables
from synthetic import CONFIRM_SEEDS, figure_4_tables, paper_curve, tables_like

REFERENCES = read_references()


@dataclass(frozen=True)
class Case:
    """What a claim must make of made-up tables.

    holds, fails: the books, and the verdict of each; `seeds` and `little` make the first one with
    two seeds, and with less data or a shorter horizon than the claim needs.
    """

    holds: Callable[[], Book]
    verdict: Verdict
    fails: Callable[[], Book]
    otherwise: Verdict
    seeds: Callable[[], Book]
    little: Callable[[], Book]


def altered(
    experiment: str,
    factors: Mapping[str, float] | None = None,
    *,
    confirm: Iterable[int] = CONFIRM_SEEDS,
    epochs: int | None = None,
    examples: float = np.nan,
    noise: float = 0.003,
) -> Tables:
    """The paper's curves, those named in `factors` times a factor."""
    factors = factors or {}
    panel = panel_of(experiment)
    curves = {name: paper_curve(panel, name) for name in panel.series}
    for name in panel.extra:
        kin = (f"{name}+dropout", name.removesuffix("+dropout"))
        curves[name] = next(curves[other] for other in kin if other in panel.series)
    longest = range(1, panel.last_epoch + 1)  # Figure 2b ends SFO a pass earlier
    curves = {
        name: curve.reindex(longest, method="ffill") * factors.get(name, 1.0)
        for name, curve in curves.items()
    }
    config = {"dataset.examples": examples}
    options = {"confirm": confirm, "epochs": epochs, "noise": noise, "config": config}
    return tables_like(experiment, curves=curves, **options)


def curves(experiment: str, *arguments: object, **options: object) -> Callable[[], Book]:
    return lambda: Book({experiment: altered(experiment, *arguments, **options)}, REFERENCES)


def sfo(
    factors: Mapping[str, float] | None = None,
    *,
    seconds: float = 700.0,
    power: float = 1.0,
    **options: object,
) -> Callable[[], Book]:
    """Figure 2b: SFO takes `seconds` where Adam takes 100, memory ~ minibatches^power."""

    def book() -> Book:
        tables = altered("fig2b", {"SFO": 10.0, **(factors or {})}, **options)
        sizes = {0.0001: 300, 0.0003: 600, 0.001: 1200, 0.003: 2400, 0.01: 4800}
        batch = tables.runs["optimizer.alpha"].round(6).map(sizes)
        taken = np.where(tables.runs["series"].str.startswith("SFO"), seconds, 100.0)
        runs = tables.runs.assign(
            **{"training.batch_size": batch, "optimizer_mb": (60_000 / batch) ** power},
            seconds=taken,
            cpu_seconds=taken,
        )
        return Book({"fig2b": Tables(runs, tables.curves)}, REFERENCES)

    return book


def figure_4(**options: object) -> Callable[[], Book]:
    return lambda: Book({"fig4": figure_4_tables(**{"seeds": (0, 1, 2), **options})}, REFERENCES)


def flat_figure_4(without: float = 0.0, seeds: Iterable[int] = (0, 1, 2)) -> Callable[[], Book]:
    """Every run is stable; uncorrected ones end `without` nats higher; beta2 0.999 is the best."""

    def book() -> Book:
        tables = figure_4_tables(seeds=seeds)
        runs = tables.runs.assign(status="done", diverged_epoch=np.nan)
        loss = (
            100
            + 5 * (np.log10(runs["optimizer.alpha"]) + 3).abs()
            + (runs["optimizer.beta2"] != 0.999)
            + without * (runs["series"] == "uncorrected")
            + 0.1 * runs["seed"]
        )
        loss.index = runs["run_id"]
        cost = tables.curves["run_id"].map(loss)
        rows = tables.curves.assign(train_cost=cost, train_nll=cost)
        return Book({"fig4": Tables(runs, rows)}, REFERENCES)

    return book


def theory(name: str, rows: Iterable[Mapping[str, object]], seeds: int = 3, **more: object) -> Book:
    """The rows once for each seed; numbers differ between seeds by 1 in 1000."""
    table = pd.DataFrame(list(rows))
    numbers = [
        column for column in table if str(column) in MEASURED and table[column].dtype == float
    ]
    copies = []
    for seed in range(1, seeds + 1):
        copy = table.assign(seed=seed)
        copy[numbers] *= 1 + 0.001 * seed
        copies.append(copy)
    sizes = {"data_source": "", "examples": 60_000, **SIZES, **more}
    return Book({}, REFERENCES, {name: pd.concat(copies).assign(**sizes)})


MEASURED = {
    "largest",
    "change",
    "snr",
    "step",
    "ratio",
    "spread",
    "gap",
    "first_step",
    "average_regret",
    "below_eps",
    "train_cost",
}
SIZES = {f"size_{name}": 100_000 for name in ("steps", "rounds", "epochs", "hidden", "chains")}


def step_bound(share: float, exact: float = 0.9) -> list[dict[str, object]]:
    rows = []
    for beta1, beta2, printed in ((0.9, 0.999, 3.16), (0.95, 0.99, 1.0)):
        for kind in ("one after silence", "normal", "normal, one in 100", "searched"):
            largest = printed * (share if kind == "searched" else 0.5)
            rows.append(
                {
                    "beta1": beta1,
                    "beta2": beta2,
                    "gradients": kind,
                    "largest": largest,
                    "printed": printed,
                    "cauchy_schwarz": printed * share / exact,
                }
            )
    return rows


def scale_free(change: float) -> list[dict[str, object]]:
    return [
        {"eps": eps, "scale": scale, "change": change * (1 if eps == 0 else 1e9)}
        for eps in (0.0, 1e-8)
        for scale in (1e-4, 1.0, 1e4)
    ]


def annealing(last: float) -> list[dict[str, object]]:
    return [
        {"epoch": epoch, "layer": layer, "train_cost": 1 / epoch, "snr": value, "step": value}
        for layer in ("first", "output")
        for epoch, value in ((1, 0.2), (2, last))
    ]


def bias_estimate(ratio: float, spread: float = 3.0) -> list[dict[str, object]]:
    return [
        {
            "gradients": kind,
            "beta2": beta2,
            "t": t,
            "ratio": ratio,
            "spread": spread if beta2 == 0.9 else 1.0,
        }
        for kind in ("stationary", "sparse", "drifting")
        for beta2 in (0.9, 0.999)
        for t in (10, 1000)
    ]


def regret(rate: float, of_counterexample: float) -> list[dict[str, object]]:
    problems = {
        ("logistic", 0, 0.9, 0.999): rate,
        ("reddi", 3, 0.0, 0.1): of_counterexample,
    }
    return [
        {
            "problem": problem,
            "period": period,
            "rule": rule,
            "beta1": beta1,
            "beta2": beta2,
            "T": t,
            "average_regret": float(t) ** (power if rule == "adam" else rate),
        }
        for rule in ("adam", "amsgrad")
        for (problem, period, beta1, beta2), power in problems.items()
        for t in (1000, 3000, 10_000)
    ]


def adagrad_limit(power: float, first: float = -0.5) -> list[dict[str, object]]:
    return [
        {
            "bias_correction": corrected,
            "rest": rest,
            "gap": 2.5 * rest**power,
            "first_step": 1.0 if corrected else rest**first,
        }
        for corrected in (True, False)
        for rest in (1e-2, 1e-3, 1e-5, 1e-8)
    ]


def adamax(searched: float) -> list[dict[str, object]]:
    return [
        {
            "beta1": beta1,
            "beta2": beta2,
            "gradients": kind,
            "largest": searched if kind == "searched" else searched / 2,
            "printed": 1.0,
            "derived": 1.1,
        }
        for beta1, beta2 in ((0.9, 0.999), (0.95, 0.9))
        for kind in ("searched", "normal", "growing")
    ]


def convnet_v(below: float, apart: float = 1.0) -> list[dict[str, object]]:
    return [
        {
            "eps_form": form,
            "epoch": epoch,
            "layer": layer,
            "train_cost": 0.5 * (apart if form == "efficient" else 1.0),
            "below_eps": below,
        }
        for form in ("algorithm1", "efficient")
        for epoch in (1, 2)
        for layer in ("stages.0", "output")
    ]


def of_theory(
    name: str,
    holds: list[dict[str, object]],
    fails: list[dict[str, object]],
    otherwise: Verdict,
    **little: object,
) -> Case:
    return Case(
        holds=lambda: theory(name, holds),
        verdict=Verdict.SUPPORTED,
        fails=lambda: theory(name, fails),
        otherwise=otherwise,
        seeds=lambda: theory(name, holds, seeds=2),
        little=lambda: theory(name, holds, **little),
    )


def of_curves(
    experiment: str, factors: Mapping[str, float], otherwise: Verdict, epochs: int
) -> Case:
    return Case(
        holds=curves(experiment),
        verdict=Verdict.SUPPORTED,
        fails=curves(experiment, factors),
        otherwise=otherwise,
        seeds=curves(experiment, confirm=(1, 2)),
        little=curves(experiment, epochs=epochs),
    )


def of_sfo(options: dict[str, object], fails: dict[str, object], otherwise: Verdict) -> Case:
    return Case(
        holds=sfo(**options),
        verdict=Verdict.SUPPORTED,
        fails=sfo(**fails),
        otherwise=otherwise,
        seeds=sfo(**options, confirm=(1, 2)),
        little=sfo(**options, epochs=12),
    )


CASES: dict[str, Case] = {
    "step-bound": of_theory(
        "step-bound", step_bound(0.9), step_bound(2.0), Verdict.REFUTED, size_rounds=3
    ),
    "scale-free": of_theory(
        "scale-free", scale_free(1e-15), scale_free(1e-5), Verdict.REFUTED, size_steps=10
    ),
    "annealing": of_theory(
        "annealing", annealing(0.02), annealing(0.5), Verdict.REFUTED, examples=3000
    ),
    "bias-estimate": of_theory(
        "bias-estimate",
        bias_estimate(1.001),
        bias_estimate(1.5, 0.3),
        Verdict.REFUTED,
        size_chains=10,
    ),
    "regret": of_theory(
        "regret", regret(-0.9, -0.6), regret(-0.9, 0.1), Verdict.REFUTED, size_steps=9
    ),
    "adagrad-limit": of_theory(
        "adagrad-limit", adagrad_limit(1.0), adagrad_limit(0.3, 0.0), Verdict.REFUTED, size_steps=9
    ),
    "mnist-logistic": of_curves("fig1a", {"AdaGrad": 0.5}, Verdict.MIXED, epochs=21),
    "imdb-sparse": of_curves(
        "fig1b",
        {"SGDNesterov+dropout": 0.6, "SGDNesterov": 0.6, "Adam+dropout": 1.5, "Adam": 1.5},
        Verdict.REFUTED,
        epochs=30,
    ),
    "mlp-dropout": of_curves("fig2a", {"Adam": 10.0}, Verdict.REFUTED, epochs=21),
    "sfo-speed": of_sfo(
        {}, {"factors": {"SFO": 1e-5}, "seconds": 50.0, "power": 2.0}, Verdict.REFUTED
    ),
    "sfo-noise": of_sfo(
        {"factors": {"SFO+dropout": 1e5}}, {"factors": {"SFO+dropout": 0.1}}, Verdict.REFUTED
    ),
    "convnet-early": of_curves(
        "fig3", dict.fromkeys(panel_of("fig3").series, 10.0), Verdict.REFUTED, epochs=2
    ),
    "convnet-late": of_curves(
        "fig3", {"AdaGrad": 1e-5, "AdaGrad+dropout": 1e-5}, Verdict.MIXED, epochs=10
    ),
    "convnet-v": of_theory(
        "convnet-v", convnet_v(0.9), convnet_v(0.1, 2.0), Verdict.REFUTED, examples=1000
    ),
    "bias-stability": Case(
        holds=figure_4(),
        verdict=Verdict.SUPPORTED,
        fails=flat_figure_4(),
        otherwise=Verdict.REFUTED,
        seeds=figure_4(seeds=(0, 1)),
        little=figure_4(last=10),
    ),
    "bias-best": Case(
        holds=flat_figure_4(without=1.0),
        verdict=Verdict.SUPPORTED,
        fails=flat_figure_4(without=-5.0),
        otherwise=Verdict.REFUTED,
        seeds=flat_figure_4(without=1.0, seeds=(0, 1)),
        little=figure_4(last=10),
    ),
    "adamax-bound": of_theory(
        "adamax-bound", adamax(0.9), adamax(3.0), Verdict.REFUTED, size_rounds=3
    ),
}
