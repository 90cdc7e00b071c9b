"""What CloudTrail told, and what a sweep of it amounts to.

A sweep that could not read a region, or stopped before the last page, is inconclusive. It is never "quiet".
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import TicketId


class Attribute(StrEnum):
    """The lookup attributes of cloudtrail:LookupEvents that iamflow uses; one a call."""

    ACCESS_KEY_ID = "AccessKeyId"
    USERNAME = "Username"
    RESOURCE_NAME = "ResourceName"
    EVENT_NAME = "EventName"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailQuery:
    """One question to one region: events with this attribute value in [start, end]."""

    attribute: Attribute
    value: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailEvent:
    """One CloudTrail event, reduced to what identifies an application or a person's reaction. Holds no secrets."""

    event_id: str
    at: datetime
    region: str
    source: str
    name: str
    access_key_id: str | None = None
    username: str | None = None
    principal: str | None = None
    source_ip: str | None = None
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    target_key_id: str | None = None
    """The key that an access-key call was about, from requestParameters or responseElements, where filled."""
    target_user: str | None = None
    target_policy: str | None = None
    """The policy that a call put on a user or removed, where filled: the name of an inline one, a managed one's ARN."""
    new_status: str | None = None
    minted_key_id: str | None = None
    """The temporary key id that GetSessionToken handed out, where recorded."""
    console: bool = False
    """Whether the event was made in a console session."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """A row of a baseline: calls of one kind from one place, counted."""

    source: str
    name: str
    region: str
    source_ip: str | None
    user_agent: str | None
    error_code: str | None
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """What the key was doing before it was deactivated: what identifies the application when something breaks."""

    taken_at: datetime
    start: datetime
    end: datetime
    regions: tuple[str, ...]
    excused: tuple[tuple[str, str], ...] = ()
    truncated: tuple[str, ...] = ()
    """Regions with more events than the sweep's page limit: there, only the newest were read."""
    activities: tuple[Activity, ...] = ()
    minted: tuple[str, ...] = ()
    """Temporary key ids seen to be minted from this key."""
    last_event_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """A search over regions and a window of time, and how far it got."""

    run_at: datetime
    start: datetime
    end: datetime
    regions: tuple[str, ...]
    excused: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    """Regions that could not be read to the last page, each with why."""
    events: tuple[TrailEvent, ...] = ()

    @property
    def conclusive(self) -> bool:
        """Whether every region that had to be read was read to the end."""
        return bool(self.regions) and not self.unread


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepRecord:
    """What is kept of the final sweep on the ticket: enough for the guard before a deletion."""

    run_at: datetime
    start: datetime
    end: datetime
    regions: tuple[str, ...]
    excused: tuple[tuple[str, str], ...] = ()
    conclusive: bool = False


class SignalKind(StrEnum):
    """What monitoring concluded from something it saw (DESIGN 8.4)."""

    KEY_USED = "key_used"
    REACTIVATED = "reactivated"
    SESSION_ALIVE = "session_alive"
    NEW_KEY = "new_key"
    STRAGGLER = "straggler"
    TOGGLED = "toggled"
    OWNER_KEEP = "owner_keep"
    PERSON = "person"
    USER_ACTED = "user_acted"
    SIGNED_IN = "signed_in"
    CHANGED = "changed"
    DENIED = "denied"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One thing seen after the deactivation that matters, with where it was seen."""

    kind: SignalKind
    sentence: str
    at: datetime
    event: TrailEvent | None = None
    mark: str = ""
    """What is recorded once a person has seen this and let it pass; the same thing is then not held again."""


def of_session(event: TrailEvent, ticket_id: TicketId, role: str | None) -> bool:
    """Return whether a call was made through the session that iamflow opened for a step of the ticket, under its role."""
    if event.principal is None or role is None:
        return False
    pattern = rf"arn:[\w-]+:sts::\d{{12}}:assumed-role/{re.escape(role)}/iamflow-.*-{ticket_id}"
    return re.fullmatch(pattern, event.principal, re.ASCII) is not None
