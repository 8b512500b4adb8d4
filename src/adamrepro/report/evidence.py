"""The scorecard of the claims, and what each verdict rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from adamrepro.claims import CLAIMS, Book, Judgement, Verdict, judge
from adamrepro.claims.words import COLUMNS, rows_of, sentence
from adamrepro.report.tables import Table


@dataclass(frozen=True)
class ClaimCard:
    """A claim on the page: its verdict in a sentence, its evidence, what it needs."""

    id: str
    section: str
    claim: str
    verdict: str
    stability: str
    sentence: str
    evidence: Table | None
    reasons: Sequence[str]
    others: Table | None
    needs: str
    notes: Sequence[str]
    slip: str


def cards(book: Book) -> list[ClaimCard]:
    """A card for every claim, in the paper's order."""
    return [card(judge(claim, book)) for claim in CLAIMS.values()]


def counted(found: Sequence[ClaimCard]) -> list[tuple[str, int]]:
    """How many claims there are of each verdict."""
    counts = Counter(each.verdict for each in found)
    return [(str(kind), counts[kind]) for kind in Verdict if counts[kind]]


def card(found: Judgement) -> ClaimCard:
    """One claim."""
    claim = found.claim
    checks = found.judged[0].checks if found.judged else []
    rows, reasons = rows_of(checks)
    others = [[judged.selection, str(judged.verdict)] for judged in found.judged]
    return ClaimCard(
        claim.id,
        claim.section,
        claim.sentence,
        str(found.verdict),
        found.stability,
        sentence(found),
        Table(COLUMNS, rows) if rows else None,
        reasons,
        Table(["under", "verdict"], others) if others[1:] else None,
        str(claim.needs),
        list(found.notes),
        claim.slip,
    )
