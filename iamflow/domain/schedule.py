"""Deadlines, polls, reminders and retries: everything that turns a duration into a date. All times aware UTC."""

import random
from datetime import datetime, timedelta

from iamflow.domain.policy import Timing
from iamflow.domain.ticket import Ticket
from iamflow.domain.waits import DAY

HALF_WAY = "half-way"
LAST_DAY = "last-day"


def grace_deadline(accepted_at: datetime, promised_at: datetime | None, grace: timedelta) -> datetime:
    """Return when the grace period ends: never before the whole of it, nor before the date that the notice promised."""
    end = accepted_at + grace
    return end if promised_at is None else max(end, promised_at)


def reminders(start: datetime, deadline: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return the names and dates of a grace period's reminders, earliest first.

    Half-way, and one day before the end where that is later than half-way.
    """
    half = start + (deadline - start) / 2
    last = deadline - DAY
    return ((HALF_WAY, half),) if last <= half else ((HALF_WAY, half), (LAST_DAY, last))


def due_reminder(ticket: Ticket, now: datetime) -> str | None:
    """Return the reminder that should go out now, if any.

    Each goes out once. A late run sends only the newest that is due, and counts those before it as sent. A reminder after
    the deadline is none.
    """
    if ticket.deadline is None or ticket.progress.notified_at is None or now >= ticket.deadline:
        return None
    due = [name for name, at in reminders(ticket.progress.notified_at, ticket.deadline) if at <= now]
    if not due or due[-1] in ticket.progress.reminders:
        return None
    return due[-1]


def next_grace_look(ticket: Ticket, now: datetime) -> datetime | None:
    """Return when a ticket in its grace period needs the next look: a reminder still to come, or the deadline."""
    if ticket.deadline is None or ticket.progress.notified_at is None:
        return ticket.deadline
    coming = [at for _, at in reminders(ticket.progress.notified_at, ticket.deadline) if at > now]
    return min([*coming, ticket.deadline])


def next_poll(ticket: Ticket, now: datetime, timing: Timing, delivery_lag: timedelta) -> datetime:
    """Return when a watched key is looked at next: after ``poll``, or when the final sweep falls due, if that is sooner."""
    following = now + timing.poll
    if ticket.progress.window_ends_at is None:
        return following
    sweep_at = ticket.progress.window_ends_at + delivery_lag
    return min(following, sweep_at) if sweep_at > now else following


def backoff(attempt: int, timing: Timing, rng: random.Random) -> timedelta:
    """Return how long to wait before the next try: exponential, at most ``retry_most``, with full jitter above half."""
    ceiling = min(timing.retry_base * float(2 ** min(attempt, 20)), timing.retry_most)
    return ceiling * (0.5 + rng.random() / 2)


def after_hold(ticket: Ticket, now: datetime, timing: Timing) -> datetime | None:
    """Return the deadline after a hold: moved by the whole length of the hold, with at least ``hold_leaves`` left.

    A clock that was put back during the hold moves the deadline by nothing, and never to an earlier date.
    """
    if ticket.deadline is None or ticket.progress.held_at is None:
        return ticket.deadline
    held_for = max(now - ticket.progress.held_at, timedelta(0))
    return max(ticket.deadline + held_for, now + timing.hold_leaves)
