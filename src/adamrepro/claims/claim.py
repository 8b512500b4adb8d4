"""What a claim is, what a check is, and how checks add up to a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from adamrepro.claims.interval import Interval, borrowed, t_interval
from adamrepro.errors import counted

INF = float("inf")
SEEDS = 3
"""Fewer seeds give no interval worth the name: t is 12.7 for two of them."""


class Verdict(StrEnum):
    """What the tables say about a sentence of the paper."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    MIXED = "mixed"
    UNDECIDED = "undecided"
    NOT_JUDGED = "not judged"


class Outcome(StrEnum):
    """What came of one check."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One part of a sentence: an effect, and where it must lie for the part to hold.

    what: the effect in words. unit: of its values. values: one per seed, paired where two runs are
    compared. within: the range that the sentence asks for; it holds if the whole interval is
    inside, fails if the whole interval is outside. why: where that range comes from. runs: how many
    stand behind the values. trials: of how many effects this is the extreme one; the interval is
    as much wider (Bonferroni). exact: the value itself is judged, which is no mean and has no
    interval: chance has no part in it, or it is the largest of all.
    scatter: values of the same effect from which a single one borrows its interval.
    missing: why the part cannot be judged; there are no values then. control: the sentence does not
    say this; it is shown, and no part of the verdict.
    """

    what: str
    unit: str
    within: tuple[float, float]
    why: str
    values: tuple[float, ...] = ()
    runs: int = 0
    trials: int = 1
    exact: bool = False
    scatter: tuple[float, ...] = ()
    missing: str = ""
    control: bool = False

    @property
    def label(self) -> str:
        """`what`, and whether it is a control."""
        return f"control: {self.what}" if self.control else self.what

    @property
    def interval(self) -> Interval | None:
        """The mean with its 95 % interval; None where nothing was measured."""
        if self.missing or not self.values:
            return None
        if self.exact:
            return Interval(self.values[0], self.values[0], self.values[0])
        if len(self.values) == 1:
            return borrowed(self.values[0], self.scatter) if len(self.scatter) > 1 else None
        return t_interval(self.values, trials=self.trials)

    @property
    def outcome(self) -> Outcome:
        """Holds, fails, or undecided where the interval straddles an end of the range."""
        interval = self.interval
        if interval is None:
            return Outcome.NOT_JUDGED
        if interval.inside(*self.within):
            return Outcome.HOLDS
        return Outcome.FAILS if interval.outside(*self.within) else Outcome.UNDECIDED

    @property
    def threshold(self) -> str:
        """The range in words: "> 0", "< 2", "<= 1" (but for rounding), "5 to 10"."""
        low, high = self.within
        if high == INF:
            return f"> {low:.3g}"
        if low != -INF:
            return f"{low:.3g} to {high:.3g}"
        shown = f"{high:.3g}"
        for_rounding = float(shown) < high and math.isclose(float(shown), high, rel_tol=1e-6)
        return f"{'<=' if for_rounding else '<'} {shown}"


class Kind(StrEnum):
    """Where the evidence of a claim comes from."""

    CURVES = "curves"  # an experiment's curves, one setting of each
    GRID = "grid"  # every point of Figure 4's grid
    THEORY = "theory"  # a small experiment's table


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What must be there before a claim is judged.

    table: the experiment, or the table of `theory`. series: curves that must be there. passes: the
    least horizon, None for all that the paper shows. examples: the least training set. sizes: least
    values of a theory table's columns. seeds: fresh ones, on which nothing was chosen.
    """

    kind: Kind
    table: str
    series: tuple[str, ...] = ()
    passes: int | None = None
    examples: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    seeds: int = SEEDS

    def __str__(self) -> str:
        least = [f"{self.seeds} seeds"]
        if self.kind is not Kind.THEORY:
            least.append(f"{self.passes or 'all'} passes")
        if self.examples:
            least.append(f"{self.examples:,} training examples")
        least += [f"{count:,} {name.removeprefix('size_')}" for name, count in self.sizes.items()]
        return f"{self.table}: {', '.join(least)}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the paper as checks on tables.

    checks: evidence -> checks; the evidence is what `judge` finds for `needs`. notes: evidence ->
    what else has to be known. slip: where the paper's text says what it cannot mean. universal: it
    speaks of all cases, so that one part that fails refutes it.
    """

    id: str
    section: str
    sentence: str
    needs: Needs
    checks: Callable[[Any], list[Check]]
    notes: Callable[[Any], list[str]] = lambda evidence: []
    slip: str = ""
    universal: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The checks of one selection or reading, and what they add up to."""

    selection: str
    checks: Sequence[Check]
    universal: bool = False

    @property
    def parts(self) -> list[Check]:
        """The checks of what the sentence says."""
        return [check for check in self.checks if not check.control]

    @property
    def verdict(self) -> Verdict:
        return verdict((check.outcome for check in self.parts), universal=self.universal)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim with its verdict: that of the first of `judged`; the others say if it is stable.

    reason: why nothing was judged. notes: what limits the verdict.
    """

    claim: Claim
    judged: Sequence[Judged] = ()
    reason: str = ""
    notes: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        return self.judged[0].verdict if self.judged else Verdict.NOT_JUDGED

    @property
    def stability(self) -> str:
        """Whether every other selection or reading that fits about as well says the same.

        Blank where there is no other. A verdict may be the same of parts that are not.
        """
        others = self.judged[1:]
        if not others:
            return ""
        differ: dict[Verdict, list[str]] = {}
        for other in others:
            if other.verdict is not self.verdict:
                differ.setdefault(other.verdict, []).append(other.selection)
        if not differ:
            parts = self.judged[0].parts
            rows = [[check.outcome for check in each.parts] for each in self.judged]
            apart = sum(len(set(outcomes)) > 1 for outcomes in zip(*rows, strict=True))
            if not apart:
                return "stable"
            return f"stable as a whole: {apart} of {len(parts)} parts depend on the selection"
        told = [f"{found} under {_names(names)}" for found, names in differ.items()]
        return f"depends on the selection: {', '.join(told)}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - 1
    return f"{names[0]} and {counted(more, 'other')}" if more else names[0]


def verdict(outcomes: Iterable[Outcome], *, universal: bool = False) -> Verdict:
    """Supported if every part holds, refuted if none does, mixed if some do and some do not.

    A sentence on all cases (`universal`) is refuted by one part that fails.

    Undecided if what is decided points one way and a part is undecided or cannot be judged. Since
    "supported" (and "refuted") needs every interval, several checks do not make it easier to reach.
    """
    found = set(outcomes)
    if found <= {Outcome.NOT_JUDGED}:
        return Verdict.NOT_JUDGED
    if universal and Outcome.FAILS in found:
        return Verdict.REFUTED
    if {Outcome.HOLDS, Outcome.FAILS} <= found:
        return Verdict.MIXED
    if found == {Outcome.HOLDS}:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if found == {Outcome.FAILS} else Verdict.UNDECIDED
