"""A judgement in words: one sentence, written from the table of its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from adamrepro.claims.claim import Check, Judgement, Outcome

_PLURAL = {
    Outcome.HOLDS: ("holds", "hold"),
    Outcome.FAILS: ("fails", "fail"),
    Outcome.UNDECIDED: ("is undecided", "are undecided"),
    Outcome.NOT_JUDGED: ("is not judged", "are not judged"),
}


def sentence(judgement: Judgement) -> str:
    """What the evidence says, with the number of the part that matters most."""
    if not judgement.judged:
        return f"Not judged: {judgement.reason}."
    checks = judgement.judged[0].parts
    counts = Counter(check.outcome for check in checks)
    parts = [
        f"{count} {_PLURAL[outcome][count > 1]}"
        for outcome in Outcome
        if (count := counts.get(outcome))
    ]
    only = checks[0].outcome
    if len(checks) == 1:
        told = f"Its one part {_PLURAL[only][0]}"
    elif len(counts) == 1:
        told = f"All {len(checks)} parts {_PLURAL[only][1]}"
    else:
        told = f"Of {len(checks)} parts {', '.join(parts)}"
    return f"{told}. {_decisive(checks)}"


def _decisive(checks: Sequence[Check]) -> str:
    """The first part that fails, else that is undecided, else the first, with its numbers."""
    ranked = [Outcome.FAILS, Outcome.UNDECIDED, Outcome.HOLDS, Outcome.NOT_JUDGED]
    check = min(checks, key=lambda check: ranked.index(check.outcome))
    what = capital(check.what)
    if check.interval is None:
        return f"{what}: {check.missing}."
    return f"{what}: {number(check)} where {check.threshold} is asked."


def capital(text: str) -> str:
    """A text as it begins a sentence."""
    return text[:1].upper() + text[1:]


def number(check: Check) -> str:
    """The effect with unit and interval: "-0.016 dex (-0.018 to -0.013)"."""
    interval = check.interval
    if interval is None:
        return "-"
    unit = f" {check.unit}" if check.unit else ""
    values = (interval.mean, interval.low, interval.high)
    mean, low, high = (f"{value:.{_digits(check, values)}g}" for value in values)
    spread = "" if low == high else f" ({low} to {high})"
    return f"{mean}{unit}{spread}"


def _digits(check: Check, values: Sequence[float]) -> int:
    """Three, or as many more as it takes to tell the values from the ends of the range."""
    for digits in range(3, 9):
        shown = {f"{value:.{digits}g}" for value in values}
        if not shown & {f"{end:.{digits}g}" for end in check.within}:
            return digits
    return 3


COLUMNS = ("what", "ours (95 % interval)", "asked", "outcome", "runs", "seeds")


def rows_of(checks: Sequence[Check]) -> tuple[list[list[str]], list[str]]:
    """A row of COLUMNS per check, and where its thresholds come from: [1] is the first reason."""
    reasons = list(dict.fromkeys(check.why for check in checks))
    rows = [
        [
            check.label,
            check.missing or number(check),
            f"{check.threshold} [{reasons.index(check.why) + 1}]",
            str(check.outcome),
            str(check.runs),
            "exact" if check.exact else str(len(check.values)),
        ]
        for check in checks
    ]
    return rows, reasons


def evidence(judgement: Judgement) -> pd.DataFrame:
    """A row per selection and check.

    Columns claim, selection, what, unit, ours, low, high, threshold, why, outcome, seeds, runs,
    missing.
    """
    rows = []
    for judged in judgement.judged:
        for check in judged.checks:
            interval = check.interval
            rows.append(
                {
                    "claim": judgement.claim.id,
                    "selection": judged.selection,
                    "what": check.label,
                    "unit": check.unit,
                    "ours": interval and interval.mean,
                    "low": interval and interval.low,
                    "high": interval and interval.high,
                    "threshold": check.threshold,
                    "why": check.why,
                    "outcome": str(check.outcome),
                    "seeds": len(check.values),
                    "runs": check.runs,
                    "missing": check.missing,
                }
            )
    return pd.DataFrame(rows)


def scorecard(judgements: list[Judgement]) -> pd.DataFrame:
    """A row per claim: id, section, verdict, stability, sentence, evidence, needs, notes, slip."""
    return pd.DataFrame(
        {
            "id": judgement.claim.id,
            "section": judgement.claim.section,
            "verdict": str(judgement.verdict),
            "stability": judgement.stability,
            "sentence": judgement.claim.sentence,
            "evidence": sentence(judgement),
            "needs": str(judgement.claim.needs),
            "notes": "; ".join(judgement.notes),
            "slip": judgement.claim.slip,
        }
        for judgement in judgements
    )
