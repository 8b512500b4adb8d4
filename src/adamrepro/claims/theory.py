"""Claims on the algorithm itself, decided by the small experiments' tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adamrepro.claims.claim import INF, Check, Claim, Kind, Needs

ROUNDING = 1e-12
"""Relative: float64 rounds at 1e-16, a thousand steps add that up."""
DEFAULT = (0.9, 0.999)


def _by_seed(rows: pd.DataFrame, column: str) -> tuple[float, ...]:
    """The largest value of each seed."""
    return tuple(rows.groupby("seed")[column].max().tolist())


def _at(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def _step_bound(table: pd.DataFrame) -> list[Check]:
    """Largest step found over the printed bound, by kind of gradients and case of the bound."""
    table = table.assign(share=table["largest"] / table["printed"])
    table = table.assign(of_exact=table["largest"] / table["cauchy_schwarz"])
    first = table["printed"] > 1
    rows = {
        "one gradient after a long silence": _at(table, gradients="one after silence"),
        "dense normal gradients, beta1 0.9 and beta2 0.999": _at(
            table, gradients="normal", beta1=DEFAULT[0], beta2=DEFAULT[1]
        ),
        "sequences found by search, where 1 - beta1 > sqrt(1 - beta2)": _at(
            table[first], gradients="searched"
        ),
        "sequences found by search, otherwise": _at(table[~first], gradients="searched"),
    }
    checks = [
        Check(
            what=f"largest step of {kind}, over the printed bound",
            unit="of the bound",
            values=_by_seed(found, "share"),
            within=(-INF, 1.0),
            why="the sentence: a bound",
            runs=len(found),
        )
        for kind, found in rows.items()
    ]
    searched = _at(table, gradients="searched")
    return [
        *checks,
        Check(
            what="largest step of all searched sequences, over Cauchy and Schwarz's bound",
            unit="of the bound",
            values=_by_seed(searched, "of_exact"),
            within=(-INF, 1.0 + 1e-9),
            why="a bound that is proved: the search must stay below it",
            runs=len(searched),
        ),
    ]


def _step_bound_notes(table: pd.DataFrame) -> list[str]:
    found = _at(table, beta1=DEFAULT[0], beta2=DEFAULT[1], gradients="searched")
    return [
        f"beta1 0.9, beta2 0.999: printed {found['printed'].iloc[0]:.2f} alpha, found "
        f"{found['largest'].max():.2f}, exact {found['cauchy_schwarz'].iloc[0]:.2f} (gradients "
        "that grow by beta2/beta1 a step after a long silence)"
    ]


def _scale_free(table: pd.DataFrame) -> list[Check]:
    exact, usual = _at(table, eps=0.0), table[(table["eps"] > 0)]
    near = usual[usual["scale"].between(1e-4, INF)]
    return [
        Check(
            what="relative change of the walk under gradients times 1e-10 to 1e10, eps 0",
            unit="",
            values=_by_seed(exact, "change"),
            within=(-INF, ROUNDING),
            why="rounding of a thousand steps in float64",
            runs=len(exact),
        ),
        Check(
            what="the same for gradients of 1e-4 and more, eps 1e-8",
            unit="",
            values=_by_seed(near, "change"),
            within=(-INF, 0.01),
            why="1 %: less than any figure shows",
            runs=len(near),
        ),
    ]


def _scale_free_notes(table: pd.DataFrame) -> list[str]:
    usual = table[table["eps"] > 0].groupby("scale")["change"].mean()
    worst = usual[usual > 0.01]
    if worst.empty:
        return []
    return [
        f"with eps 1e-8 the walk changes by more than 1 % for gradients of {worst.index.max():g}"
    ]


def _annealing(table: pd.DataFrame) -> list[Check]:
    """Signal to noise and step in the last pass over those in the first, layer by layer."""
    first, last = table["epoch"].min(), table["epoch"].max()
    checks = []
    for layer in dict.fromkeys(table["layer"]):
        rows = _at(table, layer=layer).set_index(["seed", "epoch"])
        for column, words in (("snr", "|m_hat| / sqrt(v_hat)"), ("step", "step")):
            values = rows[column].unstack("epoch")
            checks.append(
                Check(
                    what=f"{words}, {layer} layer, pass {last} over pass {first}",
                    unit="dex",
                    values=tuple(np.log10(values[last] / values[first]).tolist()),
                    within=(-INF, 0.0),
                    why="the sentence: it falls",
                    runs=len(values),
                )
            )
    return checks


def _annealing_notes(table: pd.DataFrame) -> list[str]:
    cost = table.groupby("epoch")["train_cost"].mean()
    return [f"the cost falls from {cost.iloc[0]:.3g} to {cost.iloc[-1]:.3g} on the way"]


_SAME = 0.02


def _bias_estimate(table: pd.DataFrame) -> list[Check]:
    last = table[table["t"] == table["t"].max()]
    early = table[table["t"] == table.loc[table["t"] >= 10, "t"].min()]
    fixed = [
        ("stationary gradients", _at(early, gradients="stationary", beta2=0.999)),
        ("stationary gradients", _at(last, gradients="stationary", beta2=0.999)),
        ("sparse gradients (1 in 100)", _at(last, gradients="sparse", beta2=0.999)),
    ]
    checks = [
        Check(
            what=f"E[v] over E[g^2] (1 - beta2^t), {words}, beta2 0.999, t = {rows['t'].iloc[0]}",
            unit="",
            values=tuple(rows.sort_values("seed")["ratio"].tolist()),
            within=(1 - _SAME, 1 + _SAME),
            why="equal within 2 %",
            runs=len(rows),
        )
        for words, rows in fixed
    ]
    drift = last[last["gradients"] == "drifting"]
    zeta = drift.assign(zeta=(drift["ratio"] - 1).abs()).groupby("seed")["zeta"].min()
    spread = _at(last, gradients="sparse").pivot(index="seed", columns="beta2", values="spread")
    low, high = min(spread.columns), max(spread.columns)
    return [
        *checks,
        Check(
            what="zeta over E[g^2] where that halves in 1,000 steps, at the best of four beta2",
            unit="",
            values=tuple(zeta.tolist()),
            within=(-INF, 0.1),
            why="small: a tenth",
            runs=len(drift),
        ),
        Check(
            what=f"scatter of v for sparse gradients, beta2 {low:g} over beta2 {high:g}",
            unit="dex",
            values=tuple(np.log10(spread[low] / spread[high]).tolist()),
            within=(0.0, INF),
            why="section 3: a reliable estimate takes a small 1 - beta2",
            runs=len(spread),
        ),
    ]


def _adagrad_limit(table: pd.DataFrame) -> list[Check]:
    fixed, without = _at(table, bias_correction=True), _at(table, bias_correction=False)
    closest = fixed["rest"].min()
    small = fixed[fixed["rest"] <= 1e-3]
    return [
        Check(
            what=f"Adam's walk from AdaGrad's at 1 - beta2 = {closest:g}, over its length",
            unit="",
            values=_by_seed(_at(fixed, rest=closest), "gap"),
            within=(-INF, 1e-6),
            why="a limit: a hundred times 1 - beta2",
            runs=fixed["seed"].nunique(),
        ),
        Check(
            what="exponent of that distance in 1 - beta2",
            unit="",
            values=_exponents(small, "gap"),
            within=(0.95, 1.05),
            why="a limit that is approached in step with 1 - beta2",
            runs=len(small),
        ),
        Check(
            what="exponent of the first step in 1 - beta2 without correction",
            unit="",
            values=_exponents(without, "first_step"),
            within=(-0.55, -0.45),
            why="section 5: without correction, infinitely large updates; alpha/sqrt(1 - beta2)",
            runs=len(without),
        ),
    ]


def _exponents(rows: pd.DataFrame, column: str) -> tuple[float, ...]:
    return tuple(
        float(np.polyfit(np.log(own["rest"]), np.log(own[column]), 1)[0])
        for _, own in rows.groupby("seed")
    )


_RATE = -0.5
_FAILING: dict[str, object] = {"problem": "reddi", "period": 3, "beta1": 0.0, "beta2": 0.1}


def _regret(table: pd.DataFrame) -> list[Check]:
    """Exponent of the average regret in T over the last decade that was played."""
    why = "O(1/sqrt(T)): an exponent of -1/2 or less"
    asked: dict[str, dict[str, object]] = {
        "online logistic regression, Adam": {"problem": "logistic", "rule": "adam"},
        "the counterexample of Reddi et al. (C = 3, beta1 0, beta2 0.1), Adam": {
            **_FAILING,
            "rule": "adam",
        },
    }
    if "amsgrad" in set(table["rule"]):
        asked["the counterexample, AMSGrad"] = {**_FAILING, "rule": "amsgrad"}
    return [
        Check(
            what=f"exponent of the average regret in T: {words}",
            unit="",
            values=rates(_at(table, **values)),
            within=(-INF, _RATE),
            why=why,
            runs=table["seed"].nunique(),
        )
        for words, values in asked.items()
    ]


def rates(rows: pd.DataFrame) -> tuple[float, ...]:
    """Per seed, the slope of log average regret against log T over the last decade of T."""
    late = rows[rows["T"] >= rows["T"].max() / 10]
    return tuple(
        float(np.polyfit(np.log(own["T"]), np.log(own["average_regret"].clip(lower=1e-12)), 1)[0])
        for _, own in late.groupby("seed")
    )


def _regret_notes(table: pd.DataFrame) -> list[str]:
    """How much of each map fails: cells in which the average regret is still half of the worst."""
    last = table[(table["problem"] == "reddi") & (table["T"] == table["T"].max())]
    ok = last["beta1"] ** 2 < last["beta2"] ** 0.5  # as the theorem asks
    mean = last[ok].groupby(["rule", "period", "beta1", "beta2"])["average_regret"].mean()
    notes = []
    for (rule, period), cells in mean.groupby(level=["rule", "period"]):
        notes.append(
            f"{rule}, C = {period}: the average regret is still more than half of the worst in "
            f"{int((cells > 0.5).sum())} of {len(cells)} cells of the (beta1, beta2) map"
        )
    return notes


def _adamax(table: pd.DataFrame) -> list[Check]:
    default = {"beta1": DEFAULT[0], "beta2": DEFAULT[1]}
    asked = {
        "dense normal gradients, beta1 0.9 and beta2 0.999": _at(
            table, gradients="normal", **default
        ),
        "growing gradients, all settings": _at(table, gradients="growing"),
        "sequences found by search, beta1 0.9 and beta2 0.999": _at(
            table, gradients="searched", **default
        ),
        "sequences found by search, beta1 0.95 and beta2 0.9": _at(
            table, gradients="searched", beta1=0.95, beta2=0.9
        ),
    }
    return [
        Check(
            what=f"largest step of {words}",
            unit="alpha",
            values=_by_seed(rows, "largest"),
            within=(-INF, 1.0 + ROUNDING),
            why="the sentence: at most alpha, and rounding",
            runs=len(rows),
        )
        for words, rows in asked.items()
    ]


def _convnet_v(table: pd.DataFrame) -> list[Check]:
    """How many coordinates eps outweighs after the last pass, layer by layer; the two eps forms."""
    last = table[table["epoch"] == table["epoch"].max()]
    plain = _at(last, eps_form="algorithm1")
    checks = [
        Check(
            what=f"share of {layer} with sqrt(v_hat) < eps after pass {last['epoch'].max()}",
            unit="",
            values=tuple(_at(plain, layer=layer)["below_eps"].tolist()),
            within=(0.5, INF),
            why="eps dominates where it outweighs most coordinates",
            runs=plain["seed"].nunique(),
        )
        for layer in dict.fromkeys(plain["layer"])
    ]
    cost = last.groupby(["seed", "eps_form"])["train_cost"].first().unstack("eps_form")
    gap = np.log10(cost["efficient"] / cost["algorithm1"])
    return [
        *checks,
        Check(
            what="cost of the efficient form over that of Algorithm 1",
            unit="dex",
            values=tuple(gap.tolist()),
            within=(-0.02, 0.02),
            why="section 2: the order of computation is changed, not the method; 5 %",
            runs=2 * len(gap),
        ),
    ]


def _claim(name: str, section: str, sentence: str, **more: object) -> Claim:
    examples, sizes = more.pop("examples", None), more.pop("sizes", {})
    needs = Needs(kind=Kind.THEORY, table=name, examples=examples, sizes=sizes)  # type: ignore[arg-type]
    return Claim(id=name, section=section, sentence=sentence, needs=needs, **more)  # type: ignore[arg-type]


STEP_BOUND = _claim(
    "step-bound",
    "2.1",
    "the effective step is at most alpha (1-beta1)/sqrt(1-beta2) where 1-beta1 > sqrt(1-beta2), "
    "and at most alpha otherwise; the first case only happens in the most severe case of sparsity",
    checks=_step_bound,
    notes=_step_bound_notes,
    sizes={"size_steps": 40, "size_rounds": 50},
    slip="The printed bound is met by the single gradient after silence that the paper names, but "
    "it is no bound: gradients that grow after a silence pass it.",
)
SCALE_FREE = _claim(
    "scale-free",
    "2.1",
    "the effective stepsize is invariant to the scale of the gradients",
    checks=_scale_free,
    notes=_scale_free_notes,
    sizes={"size_steps": 300},
)
ANNEALING = _claim(
    "annealing",
    "2.1",
    "the signal-to-noise ratio m_hat/sqrt(v_hat) typically becomes closer to 0 towards an optimum, "
    "leading to smaller effective steps in parameter space: a form of automatic annealing",
    checks=_annealing,
    notes=_annealing_notes,
    examples=60_000,
    sizes={"size_epochs": 10, "size_hidden": 1000},
)
BIAS_ESTIMATE = _claim(
    "bias-estimate",
    "3",
    "E[v_t] = E[g_t^2] (1-beta2^t) + zeta, where zeta = 0 if the second moment is stationary, and "
    "can be kept small otherwise",
    checks=_bias_estimate,
    sizes={"size_steps": 1000, "size_chains": 5000},
    slip='Section 3 asks for "a small value of beta2" where gradients are sparse; what makes the '
    "estimate reliable is a small value of 1-beta2, as section 6.4 says.",
)
REGRET = _claim(
    "regret",
    "4",
    "Adam's average regret on online convex problems is O(1/sqrt(T))",
    checks=_regret,
    notes=_regret_notes,
    sizes={"size_steps": 10_000},
    slip="Theorem 4.1 fails: its proof takes sqrt(v_hat_t)/alpha_t not to shrink, which holds for "
    "AdaGrad and AMSGrad, not for Adam (Reddi, Kale & Kumar 2018).",
)
ADAGRAD_LIMIT = _claim(
    "adagrad-limit",
    "5",
    "AdaGrad corresponds to Adam with beta1 = 0, infinitesimal 1-beta2 and alpha_t = "
    "alpha/sqrt(t); not so without bias correction, whose updates would be infinitely large",
    checks=_adagrad_limit,
    sizes={"size_steps": 300},
)
CONVNET_V = _claim(
    "convnet-v",
    "6.3",
    "the second moment estimate v_hat vanishes to zeros after a few epochs and is dominated by the "
    "eps in Algorithm 1 (ConvNet, CIFAR-10)",
    checks=_convnet_v,
    examples=50_000,
    sizes={"size_epochs": 5},
)
ADAMAX_BOUND = _claim(
    "adamax-bound",
    "7.1",
    "the magnitude of AdaMax's parameter updates has a simpler bound than Adam: |step| <= alpha",
    checks=_adamax,
    sizes={"size_steps": 40, "size_rounds": 50},
    slip="u_t forgets: where gradients shrink, m_t still holds what u_t has let go, and the step "
    "passes alpha; by 0.9 % at the defaults, without limit where beta1 > beta2.",
)
