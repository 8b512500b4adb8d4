"""Tables that cannot be drawn or judged: they are named where what they hold would stand."""

from collections.abc import Iterator
from contextlib import contextmanager

from adamrepro.errors import UserError, in_a_line, wants_traceback

DAMAGE = (UserError, LookupError, TypeError, ValueError)
"""What reading and drawing raise for tables that they do not understand."""


@contextmanager
def shown(what: object) -> Iterator[None]:
    """Turn what damaged tables of `what` raise into a UserError that names them."""
    try:
        yield
    except DAMAGE as error:
        raise UserError(told(what, error)) from error


def told(what: object, error: Exception) -> str:
    """Say what is wrong with the tables of `what`.

    Raises the error where ADAMREPRO_TRACEBACK=1 asks for it: whether somebody changed the columns,
    or this program is at fault, only its place can say.
    """
    if isinstance(error, UserError):
        return str(error)
    if wants_traceback():
        raise error
    reason = f"{type(error).__name__}: {in_a_line(error)}"
    return (
        f"{what}: these tables cannot be shown ({reason}): their columns were changed, or this "
        "program is at fault; keep them, ADAMREPRO_TRACEBACK=1 shows the place"
    )
