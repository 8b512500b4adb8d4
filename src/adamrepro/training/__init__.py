"""Training: populations, the loop, checkpoints, random streams."""

from adamrepro.training.checkpoint import Checkpoint
from adamrepro.training.loop import Interrupted, Loop, MemberCurve, Progress
from adamrepro.training.members import Members
from adamrepro.training.order import Order
from adamrepro.training.population import Population
from adamrepro.training.quasi_newton import QuasiNewton
from adamrepro.training.settings import Compile, Precision, Training

__all__ = [
    "Checkpoint",
    "Compile",
    "Interrupted",
    "Loop",
    "MemberCurve",
    "Members",
    "Order",
    "Population",
    "Precision",
    "Progress",
    "QuasiNewton",
    "Training",
]
