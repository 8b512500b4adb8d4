"""Timing by turns: what slows the machine down for a while slows all contenders alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Clock = Callable[[], float]


@dataclass(frozen=True)
class Compared:
    """One comparison: our figure and the peer's in `unit`, and what one is to the other.

    wanted: the largest ratio that is; None where none is asked for.
    """

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    wanted: float | None


def turns(
    contenders: Mapping[str, Callable[[], None]], repeats: int, clock: Clock
) -> dict[str, list[float]]:
    """Return the seconds each contender took in each turn, after a first turn that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, work in contenders.items():
            started = clock()
            work()
            if turn > 0:
                seconds[name].append(clock() - started)
    return seconds


def ratio(seconds: Sequence[float], by: Sequence[float]) -> float:
    """Return the median over turns of one contender's seconds by another's."""
    return median(a / b for a, b in zip(seconds, by, strict=True))


def several(step: Callable[[], object], times: int) -> Callable[[], None]:
    """Return a function that calls `step` so many times."""

    def work() -> None:
        for _ in range(times):
            step()

    return work
