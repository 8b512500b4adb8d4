"""One attempt to train a population, wherever: its end is an outcome, never an exception."""

import traceback

import torch

from adamrepro.errors import UserError, in_a_line
from adamrepro.runs.planning import Plan
from adamrepro.runs.train import train
from adamrepro.training import End, Ended, Interrupted, Listener

OUT_OF_MEMORY = (
    "; give it more memory, or less to hold: execution.population=N (members at once), "
    "execution.workers=N (populations side by side)"
)


def attempt(plan: Plan, listener: Listener) -> Ended:
    """Train a population, as far as the listener lets it; say how that ended."""
    try:
        train(plan, listener)
    except Interrupted:
        return Ended(End.interrupted)
    except UserError as error:
        return Ended(End.mistake, str(error))
    except Exception as error:
        return Ended(End.failed, explain(error), traceback.format_exc())
    return Ended(End.done)


def explain(error: BaseException) -> str:
    """Say in one line what went wrong, and what helps against a lack of memory."""
    first = in_a_line(error)
    lacking = isinstance(error, MemoryError | torch.OutOfMemoryError)
    # of torch's allocator for the CPU, a plain RuntimeError
    lacking = lacking or "can't allocate memory" in first
    return f"{type(error).__name__}: {first}{OUT_OF_MEMORY if lacking else ''}"
