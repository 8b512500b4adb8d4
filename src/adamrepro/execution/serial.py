"""Populations one after the other, in this process."""

import signal
from collections.abc import Sequence

from adamrepro.execution.attempt import attempt
from adamrepro.execution.board import Board
from adamrepro.execution.stopping import StopFlag, stop_on
from adamrepro.runs.planning import Plan
from adamrepro.training import Listener, Message


class Here(Listener):
    """Passes on to the board what a population in this process says."""

    def __init__(self, board: Board, plan: Plan, flag: StopFlag) -> None:
        self.board, self.plan, self.flag = board, plan, flag

    def hear(self, message: Message) -> None:
        self.board.hear(self.plan, message)

    def should_stop(self) -> bool:
        return self.flag()


def run_serially(plans: Sequence[Plan], board: Board) -> None:
    """Train each population here; raises Stopped, with the state saved, on Ctrl-C or SIGTERM."""
    board.begin(plans)
    with stop_on(signal.SIGINT, signal.SIGTERM) as flag:
        for plan in plans:
            board.hear(plan, attempt(plan, Here(board, plan, flag)))
