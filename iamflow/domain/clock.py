"""The one source of time.

Everything in iamflow that asks for the time, or waits, does so through a ``Clock``: the system clock in production,
a virtual one in the sandbox, the demo and the tests. A naive datetime is a mistake everywhere.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds of this clock's own time."""
        ...
