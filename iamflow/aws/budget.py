"""LookupEvents is scarce: AWS allows two calls a second for an account and region, to all tools together."""

import threading
from datetime import datetime, timedelta

from iamflow.domain.clock import Clock
from iamflow.domain.errors import ConfigError, TemporaryError
from iamflow.domain.ids import AccountId, Region

LONGEST_WAIT = timedelta(seconds=20)
"""How long a caller waits for its turn; one that would have to wait longer is sent away until then."""


class LookupBudget:
    """Spaces the calls to each account and region evenly. Shared by all threads of a process."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        """Allow so many calls a second. Raises ``ConfigError`` unless that is a number above zero."""
        if not 0 < per_second < float("inf"):
            message = f"aws.trail_lookups_per_second: {per_second} allows no call: use a number above 0, such as 1"
            raise ConfigError(message)
        self._clock = clock
        self._interval = timedelta(seconds=1 / per_second)
        self._lock = threading.Lock()
        self._next: dict[tuple[AccountId, Region], datetime] = {}

    def wait_turn(self, account_id: AccountId, region: Region) -> None:
        """Wait until this caller may look up, at most 20 seconds.

        Raises ``TemporaryError`` with the time to wait where the turn would come later than that.
        """
        wait = self._reserve((account_id, region))
        if wait > timedelta(0):
            self._clock.sleep(wait.total_seconds())

    def _reserve(self, place: tuple[AccountId, Region]) -> timedelta:
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next.get(place, now))
            # No turn is ever given out further ahead than this: the clock was set back, and the old turns mean nothing.
            if turn > now + LONGEST_WAIT + self._interval:
                turn = now
            wait = turn - now
            if wait > LONGEST_WAIT:
                account_id, region = place
                message = f"account {account_id}: CloudTrail's budget in {region} is used up for {wait.seconds} s"
                raise TemporaryError(message, retry_after=wait)
            self._next[place] = turn + self._interval
            return wait
