"""What a population in training says about itself after every epoch."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adamrepro.results.rows import Row, as_text, text
from adamrepro.results.run_id import Value
from adamrepro.results.schema import CURVE_COLUMNS
from adamrepro.training import MemberCurve

RATE = "examples_per_second"


@dataclass(frozen=True)
class News:
    """A run in training: its row, as far as it is known, and its new points.

    Points are rows of curves.csv; the newest also has examples_per_second, the rate at which the
    run went through its training examples (evaluation included).
    """

    run: Row
    points: tuple[Row, ...]


class Feed:
    """Finds what is new in a population's curves, those restored from a checkpoint included."""

    def __init__(self, rows: Sequence[Mapping[str, Value]]) -> None:
        self.rows = [as_text(row) for row in rows]
        self.told = [0] * len(rows)
        self.since: float | None = None  # a resumed pass has no rate: part of its time is unknown

    def news(self, curves: Sequence[MemberCurve], examples: int) -> list[News]:
        """Return what is new since the last call.

        curves: one per row. examples: how many each member has trained on since the last call.
        """
        now = time.monotonic()
        rate = examples / (now - self.since) if self.since is not None and examples else None
        self.since = now
        found = []
        for member, (row, curve) in enumerate(zip(self.rows, curves, strict=True)):
            points = [
                {key: text(point.get(key)) for key in CURVE_COLUMNS if key != "run_id"}
                for point in curve.rows[self.told[member] :]
            ]
            if points:
                points[-1][RATE] = text(rate)
                found.append(News(row, tuple(points)))
            self.told[member] = len(curve.rows)
        return found
