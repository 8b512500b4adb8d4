"""Training: populations, the loop, checkpoints, random streams."""

from adamrepro.training.checkpoint import Checkpoint
from adamrepro.training.external import External
from adamrepro.training.listener import (
    NOBODY,
    End,
    Ended,
    Listener,
    Message,
    Points,
    Progress,
    Started,
)
from adamrepro.training.loop import Interrupted, Loop, MemberCurve
from adamrepro.training.members import Members
from adamrepro.training.order import Order
from adamrepro.training.population import Population
from adamrepro.training.quasi_newton import QuasiNewton
from adamrepro.training.settings import Precision, Training
from adamrepro.training.task import Task

__all__ = [
    "NOBODY",
    "Checkpoint",
    "End",
    "Ended",
    "External",
    "Interrupted",
    "Listener",
    "Loop",
    "MemberCurve",
    "Members",
    "Message",
    "Order",
    "Points",
    "Population",
    "Precision",
    "Progress",
    "QuasiNewton",
    "Started",
    "Task",
    "Training",
]
