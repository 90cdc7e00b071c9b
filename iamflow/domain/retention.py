"""What is removed in the end, and what must be kept of it.

Nothing is ever removed of a ticket that is still under way, and the ticket itself never is: whether a key was rolled back
once decides about its next ticket. What is removed leaves a keyed record of itself in the ticket's chain.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Removable(StrEnum):
    """What can be removed of a ticket that has ended, named as the setting is."""

    EVIDENCE = "evidence"
    """What CloudTrail and IAM told: baseline, snapshot, discovery, final sweep, signals, and the letters that quoted them."""
    EVENTS = "events"
    """The ticket's own history in the journal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long each is kept, from the end of its ticket on. None is for ever."""

    evidence: timedelta | None = None
    events: timedelta | None = None

    def removals(self, *, by: str, now: datetime) -> tuple["Removal", ...]:
        """Return what is to be removed now, evidence first, so that its record is among the events that go."""
        kept = ((Removable.EVIDENCE, self.evidence), (Removable.EVENTS, self.events))
        return tuple(Removal(what=what, kept_for=time, by=by, at=now) for what, time in kept if time is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """One kind of thing, to be removed from every ticket that ended long enough ago."""

    what: Removable
    kept_for: timedelta
    by: str
    """Who removes it: the daemon, or a person."""
    at: datetime
    """Now, in UTC."""

    @property
    def closed_by(self) -> datetime:
        """The time (UTC) by which a ticket must have ended."""
        return self.at - self.kept_for

    @property
    def sentence(self) -> str:
        """What the journal says of it."""
        return f"{self.what.value} removed by retention on {self.at:%Y-%m-%d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """How much was removed, or would be."""

    tickets: int = 0
    events: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        """Return both together."""
        return Removed(tickets=self.tickets + other.tickets, events=self.events + other.events)
