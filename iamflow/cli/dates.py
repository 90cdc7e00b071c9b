"""Dates as people type them."""

from datetime import UTC, date, datetime, time

import typer


def day_or_time(text: str) -> datetime:
    """Read a date as the beginning of that day in UTC, or an ISO time; one without a zone is in UTC."""
    try:
        if len(text) == len("YYYY-MM-DD"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is no date: write 2027-03-31 (from its beginning, UTC) or 2027-03-31T22:00Z"
        raise typer.BadParameter(message) from None


def moment(text: str) -> datetime:
    """Read a date as the end of that day in UTC, or an ISO time; one without a zone is in UTC."""
    try:
        if len(text) == len("YYYY-MM-DD"):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is no date: write 2027-03-31 (that day included, UTC) or 2027-03-31T12:00Z"
        raise typer.BadParameter(message) from None
