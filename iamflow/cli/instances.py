"""When a daemon counts as alive."""

from datetime import datetime, timedelta

from iamflow.engine.ports import Instance

_INTERVALS = 3
_BEATS_EVERY = timedelta(seconds=15)
"""How often a daemon reports at least, however long its interval is."""


def beat_limit(interval: timedelta) -> timedelta:
    """Return how old the last heartbeat of a living daemon may be: three intervals, and never less than three beats."""
    return _INTERVALS * max(interval, _BEATS_EVERY)


def alive(instance: Instance, now: datetime, limit: timedelta) -> bool:
    """Return whether the daemon has not said that it stopped, and was heard of lately."""
    return instance.stopped_at is None and now - instance.beat_at <= limit
