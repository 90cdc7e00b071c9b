"""Times and durations in words. All times are shown in UTC, and say so."""

from datetime import UTC, datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def iso(at: datetime | None) -> str | None:
    """Return the time for a program: ISO 8601 in UTC, ending in Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def utc(at: datetime) -> str:
    """Return the time for a person, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(span: timedelta) -> str:
    """Return a length of time in its two largest units: ``6 d 23 h``, ``3 h 5 min``, ``40 s``."""
    seconds = abs(round(span.total_seconds()))
    if seconds >= 100 * _DAY:
        return f"{seconds // _DAY} d"
    if seconds >= _DAY:
        return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")
    if seconds >= _HOUR:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return f"{seconds // _MINUTE} min" if seconds >= _MINUTE else f"{seconds} s"


def relative(at: datetime, now: datetime) -> str:
    """Return how far away a time is: ``in 6 d 23 h``, ``3 h ago``, ``now``."""
    span = at - now
    if abs(span) < timedelta(seconds=1):
        return "now"
    return f"in {duration(span)}" if span > timedelta(0) else f"{duration(span)} ago"


def when(at: datetime | None, now: datetime) -> str:
    """Return a time for a person, with how far away it is; nothing for none."""
    return f"{utc(at)} ({relative(at, now)})" if at is not None else ""


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def account(name: str, account_id: str) -> str:
    """Return an account as people know it: name and id, or the id alone where no report has named it."""
    return account_id if name in {"", account_id} else f"{name} ({account_id})"
