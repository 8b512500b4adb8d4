"""Populations side by side in worker processes, one thread each unless told otherwise.

The parent hands out one population at a time over a pipe. A worker that dies takes only its own
population with it; a parent that dies is noticed by the workers at their next report, and they
save their state and leave.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from adamrepro.errors import Stopped
from adamrepro.execution.attempt import attempt
from adamrepro.execution.board import Board
from adamrepro.execution.gpus import least_used
from adamrepro.execution.stopping import StopFlag, interrupts_blocked, stop_on
from adamrepro.runs.planning import Plan
from adamrepro.training import End, Ended, Listener, Message

GRACE_SECONDS = 60.0
"""Time a worker has to save its state after it was told to stop: SFO's may be several GB."""


@dataclass
class Worker:
    """A worker process, seen from the parent; `plan` is what it trains, if anything."""

    process: SpawnProcess
    pipe: Connection
    gpu: str | None = None
    plan: Plan | None = None

    @classmethod
    def start(cls, gpu: str | None) -> "Worker":
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        process = context.Process(target=work, args=(far_end, gpu))
        resource_tracker.ensure_running()  # its start would lift the mask
        with interrupts_blocked():  # Ctrl-C reaches it before `work` can ignore it
            process.start()
        far_end.close()
        return cls(process, pipe, gpu)

    def give(self, plan: Plan) -> None:
        self.plan = plan
        with suppress(OSError):  # it has just died: `attend` will find its pipe at an end
            self.pipe.send(plan)

    def cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return f"worker left with exit status {code}"
        hint = " (out of memory?)" if code == -signal.SIGKILL else ""
        return f"worker killed by {signal.Signals(-code).name}{hint}"


def run_in_processes(
    plans: Sequence[Plan], workers: int, board: Board, gpus: Sequence[str] = ()
) -> None:
    """Train populations in `workers` processes; raises Stopped on Ctrl-C or SIGTERM.

    gpus: names of the GPUs to share out among the workers.
    """
    queue = deque(plans)
    board.begin(plans)
    pool: dict[Connection, Worker] = {}
    with stop_on(signal.SIGINT, signal.SIGTERM) as flag:
        try:
            while queue or any(worker.plan for worker in pool.values()):
                while queue and len(pool) < workers:
                    worker = Worker.start(least_used(gpus, (w.gpu for w in pool.values())))
                    pool[worker.pipe] = worker
                    worker.give(queue.popleft())
                for pipe in wait(list(pool), timeout=0.2):
                    worker = pool[pipe]  # type: ignore[index]
                    if not attend(worker, board):
                        del pool[worker.pipe]
                    elif worker.plan is None and queue:
                        worker.give(queue.popleft())
                if flag():
                    raise Stopped
        finally:
            dismiss(pool.values())


def attend(worker: Worker, board: Board) -> bool:
    """Take one message from a worker; say whether it still lives."""
    alive = True
    message: Message
    try:
        message = worker.pipe.recv()
    except (EOFError, OSError):
        alive, message = False, Ended(End.failed, worker.cause_of_death())
    if worker.plan:
        board.hear(worker.plan, message)
        if isinstance(message, Ended):
            worker.plan = None
    return alive


def dismiss(workers: Any) -> None:
    """End all workers: idle ones at once, busy ones after they saved their state.

    One in the middle of a long report would not heed a signal: nobody reads it any more. Without
    its pipe it does, as with a parent that died.
    """
    for worker in workers:
        worker.pipe.close()
        if worker.plan:
            worker.process.terminate()
    for worker in workers:
        worker.process.join(GRACE_SECONDS)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


class Parent(Listener):
    """The parent of a worker, which hears through a pipe; once it is gone, it is time to stop."""

    def __init__(self, pipe: Connection, flag: StopFlag) -> None:
        self.pipe, self.flag = pipe, flag

    def hear(self, message: Message) -> None:
        try:
            self.pipe.send(message)
        except OSError:
            self.flag.set()

    def should_stop(self) -> bool:
        return self.flag()


def work(pipe: Connection, gpu: str | None) -> None:
    """Train what comes over the pipe until it closes (a worker's main function)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    flag = StopFlag()
    signal.signal(signal.SIGTERM, flag.set)
    if gpu is not None:  # before the first call of CUDA, which reads it
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    parent = Parent(pipe, flag)
    while not flag():
        try:
            plan = pipe.recv()
        except (EOFError, OSError):
            return
        outcome = attempt(plan, parent)
        if outcome.end is not End.interrupted:  # the parent knows that it stopped this
            parent.hear(outcome)
