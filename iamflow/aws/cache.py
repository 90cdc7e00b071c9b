"""What an account says that hardly ever changes: asked once an hour."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from iamflow.domain.clock import Clock
from iamflow.domain.ids import AccountId

_KEPT = timedelta(hours=1)

T = TypeVar("T")


class HourCache(Generic[T]):
    """One value for each account, for an hour. A failure is never kept. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[AccountId, tuple[datetime, T]] = {}

    def get(self, account_id: AccountId, ask: Callable[[], T]) -> T:
        """Return the value, asked for now if there is none younger than an hour. Raises what ``ask`` raises.

        Two threads may both ask: that is cheaper than holding one up for another account's answer.
        """
        now = self._clock.now()
        with self._lock:
            known = self._values.get(account_id)
        # A value from the future was stored before the clock was set back.
        if known is not None and known[0] <= now < known[0] + _KEPT:
            return known[1]
        value = ask()
        with self._lock:
            self._values[account_id] = (now, value)
        return value
