"""Tables that are not what training writes: they are named where what they hold would stand."""

from adamrepro.errors import UserError, in_a_line

DAMAGE = (UserError, LookupError, TypeError, ValueError)
"""What reading and drawing raise for tables that were changed by hand."""


def told(what: object, error: Exception) -> str:
    """Say what is wrong with the tables of `what`."""
    if isinstance(error, UserError):
        return str(error)
    reason = f"{type(error).__name__}: {in_a_line(error)}"
    return (
        f"{what}: these tables cannot be shown ({reason}); restore them, or delete them and "
        "train again"
    )
