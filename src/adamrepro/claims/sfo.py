"""Claims of section 6.2 on SFO, decided by Figure 2b."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from adamrepro.claims import compare
from adamrepro.claims.book import MIN_PASSES, Book, costs, obstacle, scope
from adamrepro.claims.claim import Check, Claim, Verdict, evidence, verdict
from adamrepro.results.reference import panel_of
from adamrepro.results.schema import TRAINING_EXAMPLES
from adamrepro.results.select import Role, choose, drawn_runs, every_point

# "5-10x slower per iteration."
SLOWER = (5.0, 10.0)
# "Linear": the exponent in memory ~ minibatches^p.
LINEAR = (0.85, 1.15)
_SERIES = ("SFO", "Adam")
_NOISY = ("SFO+dropout", "Adam+dropout")


def sfo_speed(book: Book) -> Claim:
    """Adam is lower on average (log scale) over passes and over time; step times; memory.

    Costs are those of the whole training set at the end of a pass. A step of SFO is compared with
    one of Adam on minibatches of the same size; the memory is what the optimizer keeps.
    """
    claim = Claim(
        id="sfo-speed",
        section="6.2",
        sentence="Adam makes faster progress than SFO in terms of both the number of iterations "
        "and wall-clock time; SFO is 5-10x slower per iteration, and has a memory requirement "
        "that is linear in the number of minibatches (multilayer network, MNIST)",
        verdict=Verdict.NOT_JUDGED,
        reason=obstacle(book, "fig2b", _SERIES, MIN_PASSES),
    )
    if claim.reason:
        return claim
    runs = every_point(book.tables["fig2b"].runs)
    rest = [*_step_times(runs), *_memory(runs)]
    tuned, recovered = ([*_progress(book, role), *rest] for role in (Role.TUNED, Role.RECOVERED))
    return _judged(book, claim, tuned, recovered)


def sfo_noise(book: Book) -> Claim:
    """SFO with dropout ends `far` above Adam with dropout, on the whole training set, noise off."""
    claim = Claim(
        id="sfo-noise",
        section="6.2",
        sentence="SFO assumes deterministic subfunctions, and failed to converge on cost "
        "functions with stochastic regularization (multilayer network with dropout, MNIST)",
        verdict=Verdict.NOT_JUDGED,
        reason=obstacle(book, "fig2b", _NOISY, MIN_PASSES),
    )
    if claim.reason:
        return claim
    clean = {
        role: costs(book, "fig2b", _NOISY, role, column="train_nll")
        for role in (Role.TUNED, Role.RECOVERED)
    }
    tuned, recovered = (
        [compare.ends_below(found, "Adam+dropout", "SFO+dropout", compare.FAR)]
        for found in clean.values()
    )
    return _judged(book, claim, tuned, recovered, compare.finals(clean[Role.TUNED]))


def _progress(book: Book, role: Role) -> list[Check]:
    """Adam against SFO, pass by pass and at equal training times."""
    tables, panel = book.tables["fig2b"], panel_of("fig2b")
    pair = costs(book, "fig2b", ("SFO", "Adam"), role, column="train_nll")
    choices = choose(tables.runs, tables.curves, panel, book.references[panel.name])
    per_pass = {
        choice.series: float((drawn["seconds"] / drawn["training.epochs"]).median())
        for choice in choices
        if choice.role is role and choice.series in ("SFO", "Adam")
        for drawn in [drawn_runs(tables.runs, choice)]
    }
    passes = np.arange(1, pair.passes + 1)
    over_passes, over_time = [], []
    for sfo, adam in zip(pair["SFO"], pair["Adam"], strict=True):
        over_passes.append(compare.area(adam, sfo))
        times = passes * per_pass["SFO"] / per_pass["Adam"]
        # Adam's last cost stands for what it would have afterwards
        then = 10 ** np.interp(times, passes, np.log10(adam))
        over_time.append(compare.area(then, sfo))
    words = (
        f"Adam below SFO on average: {np.mean(over_passes):+.3f} dex over {pair.passes} passes",
        f"{np.mean(over_time):+.3f} dex over time (a pass of SFO takes "
        f"{per_pass['SFO'] / per_pass['Adam']:.2g} passes of Adam)",
    )
    found = zip((over_passes, over_time), words, strict=True)
    return [Check(tuple(gap < 0 for gap in gaps), said) for gaps, said in found]


def _step_times(runs: pd.DataFrame) -> list[Check]:
    """Seconds of a step of SFO over those of Adam, for each size of minibatch that both have."""
    timed = runs.assign(pace=runs["seconds"] / runs["training.epochs"])
    pace = timed.groupby(["series", "training.batch_size"])["pace"].median()
    found = []
    for size, seconds in pace["SFO"].items():
        peer = pace["Adam"].get(size)
        if peer:
            times = float(seconds / peer)
            words = f"a step of SFO takes {times:.2g} of Adam's at minibatches of {size:g}"
            found.append(Check((SLOWER[0] <= times <= SLOWER[1],), words))
    return found


def _memory(runs: pd.DataFrame) -> list[Check]:
    """The exponent of the optimizer's memory in the number of minibatches."""
    sfo = runs[(runs["series"] == "SFO") & runs["optimizer_mb"].notna()]
    memory = sfo.groupby("training.batch_size")["optimizer_mb"].median()
    if len(memory) < 2:
        return []
    # the tables have no column for what is blank in all runs: all examples
    cut = sfo["dataset.examples"].max() if "dataset.examples" in sfo else np.nan
    examples = TRAINING_EXAMPLES["mnist"] if pd.isna(cut) else cut
    minibatches = np.ceil(examples / memory.index.to_numpy(dtype=float))
    power = float(np.polyfit(np.log(minibatches), np.log(memory.to_numpy(dtype=float)), 1)[0])
    points = ", ".join(
        f"{megabytes:,.0f} MB at {count:g}"
        for count, megabytes in sorted(zip(minibatches, memory, strict=True))
    )
    words = f"memory grows as minibatches^{power:.2f} ({points})"
    return [Check((LINEAR[0] <= power <= LINEAR[1],), words)]


def _judged(
    book: Book, claim: Claim, found: list[Check], otherwise: list[Check], more: str = ""
) -> Claim:
    """The claim with the verdict of `found`, and a note where `otherwise` decides otherwise."""
    said = [evidence(found), *([more] if more else [])]
    notes = [scope(book, "fig2b", panel_of("fig2b").last_epoch)]
    if verdict(otherwise) != verdict(found):
        notes.append(
            f"the recovered settings decide otherwise: {verdict(otherwise)} ({evidence(otherwise)})"
        )
    return replace(
        claim,
        verdict=verdict(found),
        evidence="; ".join(said),
        note="; ".join(note for note in notes if note),
    )
