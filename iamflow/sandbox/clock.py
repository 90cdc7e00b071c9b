"""Clocks of the simulated AWS: one that moves when told to, and one that runs on from a chosen date."""

import threading
from datetime import UTC, datetime, timedelta

from iamflow.domain.clock import Clock


class VirtualClock:
    """A clock that stands still until it is told to move; it never goes back. Safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        """Start at that time, which must be aware; ``ValueError`` otherwise."""
        self._now = _aware(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the current virtual time, aware and in UTC."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Move time on by that many seconds and return at once; ``ValueError`` if negative."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move time on; ``ValueError`` if that would be backwards."""
        if by < timedelta(0):
            msg = f"a virtual clock only goes forwards, not by {by}"
            raise ValueError(msg)
        with self._lock:
            self._now += by

    def set(self, to: datetime) -> None:
        """Move time on to an aware ``to``; ``ValueError`` if that lies in the past or has no time zone."""
        target = _aware(to)
        with self._lock:
            if target < self._now:
                msg = f"a virtual clock only goes forwards, not from {self._now.isoformat()} to {target.isoformat()}"
                raise ValueError(msg)
            self._now = target


class RunningClock:
    """A clock that runs at the pace of another, from a date of its own, and that can be moved forwards besides."""

    def __init__(self, pace: Clock, start: datetime | None = None) -> None:
        """Follow ``pace`` from an aware ``start``; without a start, show the same time as ``pace``."""
        self._pace = pace
        self._ahead = timedelta(0) if start is None else _aware(start) - pace.now()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the current time of this clock, aware and in UTC."""
        with self._lock:
            return self._pace.now() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds of the clock that sets the pace."""
        self._pace.sleep(seconds)

    def advance(self, by: timedelta) -> None:
        """Move time on; ``ValueError`` if that would be backwards."""
        if by < timedelta(0):
            msg = f"this clock only goes forwards, not by {by}"
            raise ValueError(msg)
        with self._lock:
            self._ahead += by


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        msg = "a time without a time zone means nothing; give it one"
        raise ValueError(msg)
    return moment.astimezone(UTC)
