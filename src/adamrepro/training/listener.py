"""What a population in training says, and who hears it: one listener, whoever that is.

The console and the tracker of this process, the parent at the other end of a worker's pipe, the
file of a job on a cluster: each is a `Listener`, and hears the messages of this module in turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on; runs: each member's row of runs.csv, as far as it is known."""

    runs: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Progress:
    """Where the training of a population stands."""

    steps: int
    total_steps: int
    epoch: int
    live: int
    best_cost: float


@dataclass(frozen=True)
class Points:
    """New rows of curves, each with its member; first of all those restored from a checkpoint.

    examples_per_second: at which each member went through the pass, evaluation included. None for
    the start and for a pass that was interrupted: part of its time is unknown.
    """

    rows: Sequence[tuple[int, Mapping[str, float]]]
    examples_per_second: float | None = None


class End(StrEnum):
    """How an attempt to train a population ended."""

    done = "done"
    failed = "failed"
    mistake = "mistake"  # the user's: other populations would meet it, too
    interrupted = "interrupted"  # its state is saved


@dataclass(frozen=True)
class Ended:
    """The end of an attempt; problem: what went wrong, in a line; trace: where, for its log."""

    end: End
    problem: str = ""
    trace: str = ""


Message = Started | Progress | Points | Ended


class Listener:
    """Hears what a population says, and may ask it to stop. This one does neither."""

    def hear(self, message: Message) -> None:
        """Take note of a message; training waits until this returns."""

    def should_stop(self) -> bool:
        """Say whether to save the state and leave; asked after every step."""
        return False


NOBODY = Listener()
