"""Tables that are not what training writes: the page names them where they would stand."""

from adamrepro.errors import UserError

DAMAGE = (UserError, LookupError, TypeError, ValueError)
"""What reading and drawing raise for tables that were changed by hand."""


def told(what: object, error: Exception) -> str:
    """Say what is wrong with the tables of `what`."""
    if isinstance(error, UserError):
        return str(error)
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"{what}: these tables cannot be shown ({reason}); restore them or train again"
