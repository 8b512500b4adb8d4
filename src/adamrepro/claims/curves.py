"""Claims of sections 6.1-6.3, decided by Figures 1 to 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from adamrepro.claims import compare
from adamrepro.claims.book import MIN_PASSES, Book, Costs, costs, obstacle, scope
from adamrepro.claims.claim import Check, Claim, Verdict, evidence, verdict
from adamrepro.results.reference import panel_of
from adamrepro.results.select import Role

_LATE = 20


def mnist_logistic(book: Book) -> Claim:
    """Adam is `like` SGDNesterov, and both are `faster` than AdaGrad."""

    def checks(c: Costs) -> list[Check]:
        return [
            compare.like(c, "Adam", "SGDNesterov"),
            compare.faster(c, "Adam", "AdaGrad"),
            compare.faster(c, "SGDNesterov", "AdaGrad"),
        ]

    return _judge(
        book,
        "mnist-logistic",
        "6.1",
        "Adam yields similar convergence as SGD with momentum and both converge faster than "
        "AdaGrad (logistic regression, MNIST)",
        "fig1a",
        ("AdaGrad", "SGDNesterov", "Adam"),
        checks,
    )


def imdb_sparse(book: Book) -> Claim:
    """AdaGrad is `far_ahead` of SGDNesterov, Adam `as_fast` as AdaGrad; with dropout and without.

    The runs without dropout are judged where there are any, else the note says so.
    """
    claim = "imdb-sparse"
    sentence = (
        "Adagrad outperforms SGD with Nesterov momentum by a large margin both with and without "
        "dropout noise; Adam converges as fast as Adagrad (IMDB bag of words)"
    )
    noisy = ("AdaGrad+dropout", "SGDNesterov+dropout", "Adam+dropout")
    plain = tuple(name.removesuffix("+dropout") for name in noisy)
    known = "fig1b" in book.tables and set(plain) <= set(book.tables["fig1b"].runs["series"])

    def checks(c: Costs) -> list[Check]:
        found = []
        for adagrad, sgd, adam in (noisy, plain) if known else (noisy,):
            found += [compare.far_ahead(c, adagrad, sgd), compare.as_fast(c, adam, adagrad)]
        return found

    series = (*noisy, *plain) if known else noisy
    note = "" if known else "without dropout: no runs"
    return _judge(book, claim, "6.1", sentence, "fig1b", series, checks, note=note)


def mlp_dropout(book: Book) -> Claim:
    """Adam is `better` than each of the other four: lower at the end and on average."""
    others = ("AdaGrad", "RMSProp", "SGDNesterov", "AdaDelta")
    return _judge(
        book,
        "mlp-dropout",
        "6.2",
        "Adam shows better convergence than other methods (multilayer network with dropout, MNIST)",
        "fig2a",
        (*others, "Adam"),
        lambda c: [compare.better(c, "Adam", other) for other in others],
    )


def convnet_early(book: Book) -> Claim:
    """Adam and AdaGrad, with dropout and without: cost of pass 3 at most RAPID of a uniform guess.

    The sentence compares them with nothing; SGDNesterov's costs are in the evidence.
    """
    judged = ("AdaGrad", "AdaGrad+dropout", "Adam", "Adam+dropout")
    level = compare.RAPID * float(np.log(10))

    def checks(c: Costs) -> list[Check]:
        return [compare.falls_to(c, name, 3, level) for name in judged]

    return _judge(
        book,
        "convnet-early",
        "6.3",
        "Adam and AdaGrad make rapid progress lowering the cost in the initial stage of the "
        "training (ConvNet, CIFAR-10)",
        "fig3",
        (*judged, "SGDNesterov", "SGDNesterov+dropout"),
        checks,
        passes=3,
        shown=3,
    )


def convnet_late(book: Book) -> Claim:
    """Adam and SGDNesterov end more than FAR dex below AdaGrad, Adam below SGDNesterov.

    With dropout and without. Needs 20 passes: the curves part only late.
    """

    def checks(c: Costs) -> list[Check]:
        found = []
        for end in ("", "+dropout"):
            adam, sgd, adagrad = f"Adam{end}", f"SGDNesterov{end}", f"AdaGrad{end}"
            found += [
                compare.ends_below(c, adam, adagrad, compare.FAR),
                compare.ends_below(c, sgd, adagrad, compare.FAR),
                compare.ends_below(c, adam, sgd),
            ]
        return found

    return _judge(
        book,
        "convnet-late",
        "6.3",
        "Adam and SGD eventually converge considerably faster than AdaGrad; Adam shows marginal "
        "improvement over SGD with momentum (ConvNet, CIFAR-10)",
        "fig3",
        panel_of("fig3").series,
        checks,
        passes=_LATE,
    )


def _judge(
    book: Book,
    claim: str,
    section: str,
    sentence: str,
    experiment: str,
    series: Sequence[str],
    checks: Callable[[Costs], list[Check]],
    *,
    passes: int = MIN_PASSES,
    shown: int | None = None,
    note: str = "",
) -> Claim:
    """Judge `checks` on the tuned settings; say so where the recovered ones decide otherwise."""
    against = obstacle(book, experiment, series, passes)
    if against:
        return Claim(
            id=claim,
            section=section,
            sentence=sentence,
            verdict=Verdict.NOT_JUDGED,
            reason=against,
        )
    tuned, recovered = (
        costs(book, experiment, series, role) for role in (Role.TUNED, Role.RECOVERED)
    )
    found, otherwise = checks(tuned), verdict(checks(recovered))
    decided = verdict(found)
    notes = [scope(book, experiment, shown or panel_of(experiment).last_epoch), note]
    if otherwise != decided:
        notes.append(f"the recovered settings decide otherwise: {otherwise}")
    return Claim(
        id=claim,
        section=section,
        sentence=sentence,
        verdict=decided,
        evidence=f"{evidence(found)}; {compare.finals(tuned)}",
        note="; ".join(part for part in notes if part),
    )
