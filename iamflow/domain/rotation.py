"""How far the replacement of a key has come, and which of the user's keys are iamflow's own making.

A key that appears while iamflow issues one may be anybody's: the owner may be rotating by hand at that moment. What was made
is iamflow's only where CloudTrail shows the call as iamflow's: by its request id, or by the session that is named after the
ticket. Anything else is left to a person (safety rule 4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from iamflow.domain.evidence import TrailEvent, of_session
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import KeyId, TicketId
from iamflow.domain.sink import Sink, delivery_version, probe_version

PROOF_LASTS = timedelta(minutes=15)
"""How long a probe of the secret store speaks for the write that follows it."""

ORPHANS_MOST = 2
"""After so many keys whose secrets did not arrive, a person looks at the store before another one is made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """Who said that the old key is not used any more, and when (UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """The replacement of one key. All times aware UTC. Holds no secret."""

    sink: str
    """The place of the secret, as ``Sink.text``; it stays the same however the settings change."""
    since: datetime
    """When the way to a new key was begun."""
    known: tuple[KeyId, ...]
    """The keys that the user had then."""
    probes: int = 0
    """How many probes of the secret store were begun."""
    proven_at: datetime | None = None
    """When the last probe was observed in the store."""
    begun_at: datetime | None = None
    """When a key was first about to be made: none can be ours that is older."""
    orphans: int = 0
    """How many keys were withdrawn because their secrets did not arrive, since a person last looked."""
    new_key: KeyId | None = None
    """The new key, once it and its delivery have been observed."""
    delivered_at: datetime | None = None
    told_at: datetime | None = None
    """When a channel accepted the word of where the secret is."""
    migrated: Confirmed | None = None
    """The owner's word that nothing uses the old key any more."""
    present: int = 0
    """How many keys the user had at the last look before a key was to be made."""
    quota: int | None = None
    """How many keys the user had when AWS refused one more; None where it never did."""
    slot: KeyId | None = None
    """The Inactive key whose deletion would make room."""
    slot_created_at: datetime | None = None
    slot_last_use: datetime | None = None
    withdrawing: KeyId | None = None
    """The key of iamflow's own making that is to be deleted unused."""
    withdrawn: tuple[KeyId, ...] = ()
    given_back: bool = False
    """Whether the old key was deactivated, and made Active again."""

    @property
    def place(self) -> Sink:
        """Where the secret goes."""
        return Sink.read(self.sink)

    @property
    def made(self) -> bool:
        """Whether a new key may be there, so that leaving the ticket alone is no longer the same as doing nothing."""
        return self.begun_at is not None


class Origin(Enum):
    """Whose making a key is."""

    OURS = auto()
    FOREIGN = auto()
    UNKNOWN = auto()
    """CloudTrail does not show it (yet)."""


def strangers(
    rotation: Rotation, reading: UserReading, passed: Iterable[str] = (), others: Iterable["Rotation"] = ()
) -> tuple[KeyState, ...]:
    """Return the keys that were made since the way to a new key was begun, and are not it, oldest first.

    ``passed`` are the marks of what a person has seen and let pass; ``others`` the replacements of the user's other keys.
    """
    familiar = {*rotation.known, *rotation.withdrawn, rotation.new_key, *(other.new_key for other in others)}
    marks = frozenset(passed)
    unknown = [key for key in reading.keys if key.key_id not in familiar and mark(key.key_id) not in marks]
    return tuple(sorted(unknown, key=lambda key: (key.created_at, key.key_id)))


def mark(key_id: KeyId) -> str:
    """Return what is recorded once a person has let a key that somebody made pass."""
    return f"new-key:{key_id}"


def delivered(rotation: Rotation, reading: UserReading) -> KeyState | None:
    """Return the new key whose secret has arrived, or None."""
    if reading.sink is None:
        return None
    place = rotation.place
    arrived = [
        key for key in strangers(rotation, reading) if delivery_version(place, key.key_id) in reading.sink.versions
    ]
    return arrived[0] if arrived else None


def origin(
    key_id: KeyId, events: Iterable[TrailEvent], ticket_id: TicketId, requests: Iterable[str], role: str | None
) -> Origin:
    """Return whose making a key is, by the events of its user. ``role`` is the bare name of iamflow's role."""
    made = [e for e in events if e.name == "CreateAccessKey" and e.error_code is None and e.target_key_id == key_id]
    if not made:
        return Origin.UNKNOWN
    own = frozenset(requests)
    ours = all(event.request_id in own or of_session(event, ticket_id, role) for event in made)
    return Origin.OURS if ours else Origin.FOREIGN


def probe_of(ticket_id: TicketId, rotation: Rotation) -> str:
    """Return the version under which the last probe was put."""
    return probe_version(ticket_id, rotation.probes)


def never_used(key_id: KeyId, reading: UserReading) -> bool:
    """Return whether AWS was asked for this very key's last use, and has none on record."""
    return reading.uses is not None and reading.uses.get(key_id) == LastUse()


def old_key_idle_since(rotation: Rotation, used: datetime | None) -> datetime | None:
    """Return since when the old key counts as idle: its last use, but not before the new one was there to be taken."""
    if rotation.delivered_at is None:
        return None
    return max(rotation.delivered_at, used) if used is not None else rotation.delivered_at


def new_key_taken(rotation: Rotation, reading: UserReading) -> bool:
    """Return whether the new key is Active, and has been used."""
    key = reading.key(rotation.new_key)
    if key is None or key.status is not KeyStatus.ACTIVE or reading.uses is None:
        return False
    use = reading.uses.get(key.key_id)
    return use is not None and use.at is not None


def room(reading: UserReading, quota: int, rotation: Rotation | None) -> bool:
    """Return whether AWS would let the user have another key."""
    learned = rotation.quota if rotation is not None else None
    return len(reading.keys) < min(quota, learned if learned is not None else quota)
