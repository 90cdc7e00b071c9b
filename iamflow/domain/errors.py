"""What can go wrong, sorted by who can put it right.

``TemporaryError`` is tried again by the engine, ``BlockedError`` waits for a person, ``PermanentError`` cannot succeed as
asked. The others end one command and carry its exit code. Every message is one line that names what to do.
"""

from datetime import timedelta
from typing import ClassVar


class IamflowError(Exception):
    """Anything that is told to the user as one line."""

    exit_code: ClassVar[int] = 1


class TemporaryError(IamflowError):
    """It may work later: throttling, a timeout, a passing fault."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        """Keep the message and, where the other side named one, the time to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class BlockedError(IamflowError):
    """A person must change something first; ``code`` says what kind of thing."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the sentence for the person and the stable code for the ticket."""
        super().__init__(message)
        self.code = code


class PermanentError(IamflowError):
    """AWS refused the request for good."""


class UncertainError(IamflowError):
    """A mutating call got no answer: it may or may not have happened, and only reading AWS can tell."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        """Keep the message and, where a part of it was answered, the request id of that part: it was iamflow's own."""
        super().__init__(message)
        self.request_id = request_id


class ConfigError(IamflowError):
    """The settings cannot be used as they are."""


class InputError(IamflowError):
    """A file is not what it says. The message names the row and the reason."""


class NotFoundError(IamflowError):
    """No such ticket."""


class SchemaError(IamflowError):
    """The database is missing, older or newer than this program, or bound to something else."""


class DeclinedError(IamflowError):
    """The user answered no."""

    exit_code = 3


class NotAuthorisedError(IamflowError):
    """This person may not do this."""

    exit_code = 4


class RefusedError(IamflowError):
    """A guard or the ticket's state forbids it."""

    exit_code = 5


class ChangedError(IamflowError):
    """The ticket has changed since it was viewed."""

    exit_code = 6


class StaleLeaseError(IamflowError):
    """The lease under which this was to be written belongs to somebody else by now."""
