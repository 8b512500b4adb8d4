"""Tables that are not what training writes: they are named where what they hold would stand."""

from collections.abc import Iterator
from contextlib import contextmanager

from adamrepro.errors import UserError, in_a_line

DAMAGE = (UserError, LookupError, TypeError, ValueError)
"""What reading and drawing raise for tables that were changed by hand."""


@contextmanager
def shown(what: object) -> Iterator[None]:
    """Turn what damaged tables of `what` raise into a UserError that names them."""
    try:
        yield
    except DAMAGE as error:
        raise UserError(told(what, error)) from error


def told(what: object, error: Exception) -> str:
    """Say what is wrong with the tables of `what`."""
    if isinstance(error, UserError):
        return str(error)
    reason = f"{type(error).__name__}: {in_a_line(error)}"
    return (
        f"{what}: these tables cannot be shown ({reason}); restore them, or delete them and "
        "train again"
    )
