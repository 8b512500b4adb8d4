"""Training: populations, the loop, checkpoints, random streams."""

from adamrepro.training.checkpoint import Checkpoint
from adamrepro.training.loop import Interrupted, Loop, MemberCurve, Progress
from adamrepro.training.members import Members
from adamrepro.training.order import Order
from adamrepro.training.population import Population
from adamrepro.training.quasi_newton import QuasiNewton
from adamrepro.training.settings import Precision, Training
from adamrepro.training.task import Task

__all__ = [
    "Checkpoint",
    "Interrupted",
    "Loop",
    "MemberCurve",
    "Members",
    "Order",
    "Population",
    "Precision",
    "Progress",
    "QuasiNewton",
    "Task",
    "Training",
]
