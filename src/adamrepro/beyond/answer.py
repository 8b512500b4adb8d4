"""Whether one training cost differs from another by more than anybody would notice."""

from __future__ import annotations

import math
from enum import StrEnum

from adamrepro.claims.interval import Interval

LIMIT = math.log10(1.01)
"""dex: less than 1 % of the cost shows in no figure."""


class Answer(StrEnum):
    """Whether a cost differs from another's by more than LIMIT."""

    NO = "no"
    HIGHER = "yes: higher"
    LOWER = "yes: lower"
    UNDECIDED = "undecided"


def answer(interval: Interval) -> Answer:
    """Read how far a cost lies above another's, in dex; undecided where it straddles a limit."""
    if interval.inside(-LIMIT, LIMIT):
        return Answer.NO
    if interval.low >= LIMIT:
        return Answer.HIGHER
    return Answer.LOWER if interval.high <= -LIMIT else Answer.UNDECIDED
