"""Details in which implementations differ: whether it matters which of two is taken.

Two runs of configs/experiment/matter differ in one detail, and share seed, initial parameters,
minibatches and noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adamrepro.beyond.answer import Answer, answer
from adamrepro.claims.claim import SEEDS
from adamrepro.claims.effects import intervals
from adamrepro.claims.interval import Interval
from adamrepro.claims.selection import costs_of
from adamrepro.errors import UserError
from adamrepro.results.kinds import Status
from adamrepro.results.schema import Tables

MATTER_TASKS = {
    "matter_logistic": "logistic regression",
    "matter_mlp": "network with dropout",
    "matter_vae": "autoencoder",
}


@dataclass(frozen=True)
class Question:
    """A detail: what is said of it, and the pairs of series that differ in it alone."""

    title: str
    text: str
    pairs: tuple[tuple[str, str], ...]


QUESTIONS = (
    Question(
        "Where eps stands",
        "Algorithm 1 adds eps to sqrt(v_hat), the reordered line before section 2.1 to sqrt(v). "
        "With the second, Adam is uncorrected Adam under the step size "
        "alpha sqrt(1 - beta2^t) / (1 - beta1^t), to the last digit: bias correction is a schedule "
        "and eps (arXiv 2511.20516 asks whether it is more).",
        (
            ("Adam, eps beside sqrt(v)", "Adam"),
            ("Adam, beta2 0.9999, eps beside sqrt(v)", "Adam, beta2 0.9999"),
        ),
    ),
    Question(
        "Bias correction left out",
        "At the same step size.",
        (
            ("Adam, uncorrected", "Adam"),
            ("Adam, beta2 0.9999, uncorrected", "Adam, beta2 0.9999"),
        ),
    ),
    Question(
        "A linear warm-up in its place",
        "Over 2,000 steps, without correction: a good part of these short trainings, of which much "
        "is then done at small steps.",
        (
            ("Adam, uncorrected, warm-up", "Adam"),
            ("Adam, beta2 0.9999, uncorrected, warm-up", "Adam, beta2 0.9999"),
        ),
    ),
    Question(
        "AMSGrad's maximum, before or after correction",
        "torch.optim takes the maximum of v and corrects it, optax the maximum of v_hat.",
        (("AMSGrad, maximum after correction", "AMSGrad"), ("AMSGrad", "Adam")),
    ),
    Question(
        "Nesterov's momentum under a decaying step size",
        "Sutskever's velocity holds gradients times the step size of their own time, torch.optim's "
        "holds gradients. At a constant step size the two are one.",
        (("Nesterov, torch's form", "Nesterov"),),
    ),
    Question(
        "Weight decay in the gradient or beside it",
        "The same lambda, 0.001, as torch.optim.Adam and torch.optim.AdamW take it, but for "
        "biases, which do not decay. The decay is not in the cost. AdamW's is times alpha_t: in "
        "all of these trainings it takes less than 1 % off the weights, so that this compares "
        "decay with nearly none; equal lambdas are not equal decays.",
        (("AdamW, decay 0.001", "Adam, decay 0.001"),),
    ),
)


@dataclass(frozen=True)
class Effect:
    """How far one series lies above another on a task, seed by seed.

    passes: how long both were trained. diverged: of how many seeds the first did. dex: by measure
    (over all passes, at the end).
    """

    question: Question
    task: str
    series: str
    than: str
    seeds: int
    passes: int
    diverged: int
    dex: Mapping[str, Interval]

    @property
    def answers(self) -> dict[str, Answer]:
        return {measure: answer(interval) for measure, interval in self.dex.items()}


def effects(tables: Mapping[str, Tables]) -> Iterator[Effect]:
    """Measure every pair on every task whose tables, by experiment, have it for SEEDS seeds."""
    for question in QUESTIONS:
        for pair in question.pairs:
            for task in MATTER_TASKS:
                if task in tables and (found := effect(tables[task], question, task, *pair)):
                    yield found


def effect(tables: Tables, question: Question, task: str, series: str, than: str) -> Effect | None:
    """Measure one pair on one task; None where too few seeds have both.

    Raises UserError where a seed has several settings of one of them: none is chosen here.
    """
    runs = {
        name: tables.runs[tables.runs["series"] == name].set_index("seed").sort_index()
        for name in (series, than)
    }
    for name, rows in runs.items():
        if twice := rows.index[rows.index.duplicated()].tolist():
            raise UserError(
                f"{task}: {name} has runs of several settings at seed {twice[0]}; expected one, "
                "as the experiment has: train others into results=DIR of their own"
            )
    seeds = runs[series].index.intersection(runs[than].index)
    if len(seeds) < SEEDS:
        return None
    last = int(tables.runs["training.epochs"].max())
    above, below = (
        costs_of(runs[name].loc[seeds], tables.curves, "train_cost", last)
        for name in (series, than)
    )
    return Effect(
        question=question,
        task=task,
        series=series,
        than=than,
        seeds=len(seeds),
        passes=last,
        diverged=int(runs[series].loc[seeds, "status"].eq(Status.DIVERGED).sum()),
        dex=intervals(above, below),
    )
