"""The system's clock: the only place that asks the operating system for the time."""

import threading
from datetime import UTC, datetime


class SystemClock:
    """Real time. Waits end early once ``stop`` is set, so that a daemon told to stop does not sit out a wait."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        """Begin; without ``stop``, nothing cuts a wait short."""
        self._stop = stop or threading.Event()

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds, or until told to stop."""
        self._stop.wait(seconds)
