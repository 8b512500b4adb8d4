"""What a claim is, and how checks add up to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the tables say about a sentence of the paper."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    MIXED = "mixed"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the paper and its verdict.

    `evidence` gives the numbers and seeds; `note` what limits the verdict, and whether the
    recovered settings would decide otherwise; `reason` why nothing was judged.
    """

    id: str
    section: str
    sentence: str
    verdict: Verdict
    evidence: str = ""
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Check:
    """One part of a claim: whether it holds, seed by seed, and the numbers behind that."""

    holds: tuple[bool, ...]
    evidence: str

    @property
    def words(self) -> str:
        """The evidence, with what came of it."""
        count = sum(self.holds)
        outcome = "yes" if count == len(self.holds) else "no" if count == 0 else f"{count} seeds"
        return f"{self.evidence}: {outcome}"


def verdict(checks: Sequence[Check]) -> Verdict:
    """Supported if every check holds for every seed, refuted if none does for any, else mixed."""
    outcomes = [held for check in checks for held in check.holds]
    if not outcomes:
        return Verdict.NOT_JUDGED
    if all(outcomes):
        return Verdict.SUPPORTED
    return Verdict.MIXED if any(outcomes) else Verdict.REFUTED


def evidence(checks: Sequence[Check]) -> str:
    """The numbers of all checks, in one line."""
    return "; ".join(check.words for check in checks)
