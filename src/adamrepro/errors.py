"""The exceptions that are meant for the person at the keyboard, and how a command answers them."""

import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

USER, FAILED, INTERRUPTED = 2, 1, 130
"""Exit statuses: the user's mistake; something failed; stopped before the end."""


class UserError(Exception):
    """A mistake that the user can mend: printed as it is, without a traceback, exit status 2.

    The message names the key or file, the value, what was expected and what to do.
    """


class Stopped(Exception):
    """The user or the system stopped a batch; running the same command goes on.

    The message, if there is one, says what goes on without it.
    """


class RunsFailed(Exception):
    """Some populations of a batch failed; the others are done and in the tables.

    finished: the run_id of each run of the batch, None for one that is not done.
    """

    def __init__(self, message: str, finished: Sequence[str | None] = ()) -> None:
        super().__init__(message)
        self.finished = finished


def require(ok: bool, key: str, value: object, expected: str) -> None:
    """Raise a UserError that names the setting `key`, its value and what was expected."""
    if not ok:
        raise UserError(f"{key}={value}: expected {expected}")


def in_a_line(error: BaseException) -> str:
    """Return the first line of what an error says; its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def counted(count: int, what: str, several: str = "") -> str:
    """Return 1 run, 2 runs, 1,000 runs; `several` where an s does not do: passes."""
    return f"{count:,} {what if count == 1 else several or f'{what}s'}"


def nearest(name: str, known: Iterable[object]) -> str:
    """Say what the user may have meant."""
    names = sorted(map(str, known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = ", ".join(names)
    return f"did you mean {close[0]}? (known: {listed})" if close else f"known: {listed}"


def wants_traceback() -> bool:
    """Whether ADAMREPRO_TRACEBACK=1 asks for exceptions as they are."""
    return os.environ.get("ADAMREPRO_TRACEBACK") == "1"


@contextmanager
def answered() -> Iterator[None]:
    """Answer what goes wrong inside with a line or two and an exit status.

    ADAMREPRO_TRACEBACK=1 lets exceptions through.
    """
    if wants_traceback():
        yield
        return
    try:
        yield
        sys.stdout.flush()
    except UserError as error:
        message, status = str(error), USER
    except (Stopped, KeyboardInterrupt) as stopped:
        usual = "stopped; the same command goes on where this one left off"
        message, status = str(stopped) or usual, INTERRUPTED
    except BrokenPipeError:
        # whoever read the output has left, as head does: nobody is there to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        message, status = "", FAILED
    except (RunsFailed, OSError) as error:
        message = f"{error}; what is done is kept, the same command tries the rest"
        status = FAILED
    else:
        return
    if message:
        print(message, file=sys.stderr)
    # SystemExit passes through Hydra, which would print a line of its own for an exception
    raise SystemExit(status)
