"""Claims on how large a step can be: sections 2.1 and 7.1."""

from __future__ import annotations

import pandas as pd

from adamrepro.claims.claim import INF, Check, Claim
from adamrepro.claims.evidence import DEFAULT, ROUNDING, at, theory

_KINDS = {
    "one after silence": "one gradient after a long silence",
    "normal": "dense normal gradients",
    "normal, one in 100": "normal gradients of which one in 100 is not 0",
    "searched": "sequences found by search",
}


def _step_bound(table: pd.DataFrame) -> list[Check]:
    """Largest step found over the printed bound, by kind of gradients and case of the bound."""
    table = table.assign(
        share=table["largest"] / table["printed"],
        of_exact=table["largest"] / table["cauchy_schwarz"],
    )
    first = table["printed"] > 1
    cases = {"where 1 - beta1 > sqrt(1 - beta2)": table[first], "otherwise": table[~first]}
    checks = [
        Check(
            what=f"largest step of {words}, {case}, over the printed bound",
            unit="",
            values=_largest(at(rows, gradients=kind)["share"]),
            exact=True,
            within=(-INF, 1.0 + ROUNDING),
            why="the sentence: a bound, and rounding",
            runs=len(at(rows, gradients=kind)),
        )
        for kind, words in _KINDS.items()
        for case, rows in cases.items()
    ]
    searched = at(table, gradients="searched")
    return [
        *checks,
        Check(
            what="largest step of all searched sequences, over Cauchy and Schwarz's bound",
            unit="",
            values=_largest(searched["of_exact"]),
            exact=True,
            within=(-INF, 1.0 + 1e-9),
            why="a bound that is proved: the search must stay below it",
            runs=len(searched),
            control=True,
        ),
    ]


def _largest(values: pd.Series) -> tuple[float, ...]:
    """A bound speaks of all cases: one beyond it is enough, whatever the mean over seeds."""
    return (float(values.max()),)


def _step_bound_notes(table: pd.DataFrame) -> list[str]:
    found = at(table, beta1=DEFAULT[0], beta2=DEFAULT[1], gradients="searched")
    return [
        f"beta1 0.9, beta2 0.999: printed {found['printed'].iloc[0]:.2f} alpha, found "
        f"{found['largest'].max():.2f}, exact {found['cauchy_schwarz'].iloc[0]:.2f} (gradients "
        "that grow by beta2/beta1 a step after a long silence)"
    ]


def _adamax(table: pd.DataFrame) -> list[Check]:
    default = {"beta1": DEFAULT[0], "beta2": DEFAULT[1]}
    asked = {
        "dense normal gradients, beta1 0.9 and beta2 0.999": at(
            table, gradients="normal", **default
        ),
        "growing gradients, all settings": at(table, gradients="growing"),
        "sequences found by search, beta1 0.9 and beta2 0.999": at(
            table, gradients="searched", **default
        ),
        "sequences found by search, beta1 0.95 and beta2 0.9": at(
            table, gradients="searched", beta1=0.95, beta2=0.9
        ),
    }
    return [
        Check(
            what=f"largest step of {words}",
            unit="alpha",
            values=_largest(rows["largest"]),
            exact=True,
            within=(-INF, 1.0 + ROUNDING),
            why="the sentence: at most alpha, and rounding",
            runs=len(rows),
        )
        for words, rows in asked.items()
    ]


def _adamax_notes(table: pd.DataFrame) -> list[str]:
    exact = table.drop_duplicates(["beta1", "beta2"])
    return [
        f"exact bound over {row.size_steps} steps at beta1 {row.beta1:g}, beta2 {row.beta2:g}: "
        f"{row.derived:.4g} alpha"
        for row in exact.itertuples()
    ]


STEP_BOUND = Claim(
    id="step-bound",
    section="2.1",
    needs=theory("step-bound", sizes={"size_steps": 40, "size_rounds": 50}),
    sentence="the effective step is at most alpha (1-beta1)/sqrt(1-beta2) where 1-beta1 > "
    "sqrt(1-beta2), and at most alpha otherwise; the first case only happens in the most severe "
    "case of sparsity",
    checks=_step_bound,
    universal=True,
    notes=_step_bound_notes,
    slip="The printed bound is met by the single gradient after silence that the paper names, but "
    "it is no bound: gradients that grow after a silence pass it.",
)

ADAMAX_BOUND = Claim(
    id="adamax-bound",
    section="7.1",
    needs=theory("adamax-bound", sizes={"size_steps": 40, "size_rounds": 50}),
    sentence="the magnitude of AdaMax's parameter updates has a simpler bound than Adam: |step| <= "
    "alpha",
    checks=_adamax,
    universal=True,
    notes=_adamax_notes,
    slip="u_t forgets: where gradients shrink, m_t still holds what u_t has let go, and the step "
    "passes alpha.",
)
