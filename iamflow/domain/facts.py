"""What is known about a key: as an audit told it, and as AWS was seen to be."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from iamflow.domain.ids import AccountId, KeyId, Region


class KeyStatus(StrEnum):
    """The status of an access key, in IAM's own words."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


@dataclass(frozen=True, kw_only=True, slots=True)
class LastUse:
    """What GetAccessKeyLastUsed said. ``at`` is None for never, for no use since 2015-04-22, and for no data alike."""

    at: datetime | None = None
    service: str | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFacts:
    """What the newest report or live reading says of the key. A report opens tickets; it never justifies a mutation."""

    status: KeyStatus
    created_at: datetime
    last_use: LastUse
    as_of: datetime
    source: str
    """``iam-audit:FILE`` or ``live``."""
    holds: bool = True
    """Whether the finding still held in the newest report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserFacts:
    """What the newest report or live reading says of a user. A report opens tickets; it never justifies a change."""

    console: bool
    """Whether the user has a console password."""
    mfa: bool
    password_last_used: datetime | None
    """None for never and for not known alike."""
    key_last_used: datetime | None
    """The latest use of any of the user's keys; None for none known."""
    created_at: datetime | None
    """When the user was made, where the report says so."""
    as_of: datetime
    source: str
    holds: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class RootFacts:
    """What the newest report or live reading says of an account's root user."""

    mfa: bool | None
    access_key: bool | None
    last_login: datetime | None
    as_of: datetime
    source: str
    holds: bool = True


Facts = KeyFacts | UserFacts | RootFacts
"""What is known of whatever a ticket is about."""


def last_use_of(facts: Facts) -> LastUse | None:
    """Return the last use of keys that the facts tell of; None for a root user, of whose keys nothing is known."""
    match facts:
        case KeyFacts():
            return facts.last_use
        case UserFacts():
            return LastUse(at=facts.key_last_used)
        case RootFacts():
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyState:
    """One row of ListAccessKeys."""

    key_id: KeyId
    status: KeyStatus
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class UserReading:
    """A live reading of one user and one of its keys. A reading that failed is an error, never a reading.

    ``account_id`` is what GetCallerIdentity said of the session that read. ``user_id`` is None when the user does not exist.
    """

    read_at: datetime
    account_id: AccountId
    user_id: str | None
    tags: dict[str, str] = field(default_factory=dict)
    keys: tuple[KeyState, ...] = ()
    last_use: LastUse | None = None
    """None when the key is not there to ask about."""
    aws_time: datetime | None = None
    """What AWS's own Date header said at the beginning of the reading (UTC); None where it said nothing."""
    quarantined: bool = False
    """Whether AWSCompromisedKeyQuarantine* is attached: AWS believes the key to have leaked."""
    policies: dict[str, str | None] = field(default_factory=dict)
    """The inline policies that were asked for by name, each with its document; None for one that is not there."""
    created_at: datetime | None = None
    """When the user was made; None when there is none."""
    password_last_used: datetime | None = None
    """None for never, and for no data alike."""
    console: bool | None = None
    """Whether the user has a console password; None where that was not asked."""
    mfa: tuple[str, ...] | None = None
    """The serial numbers of the user's MFA devices; None where they were not asked for."""
    uses: dict[KeyId, LastUse] | None = None
    """The last use of every key of the user; None where they were not asked for."""

    def clock_error(self) -> timedelta:
        """Return how far this host's clock is ahead of AWS's (behind, if negative); nothing where AWS did not say."""
        return self.read_at - self.aws_time if self.aws_time is not None else timedelta(0)

    def key(self, key_id: KeyId | None) -> KeyState | None:
        """Return the state of exactly this key, or None when the user has no such key."""
        return next((key for key in self.keys if key.key_id == key_id), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One key that an audit reported, with everything that the report says about it and its user."""

    account_id: AccountId
    account_name: str
    username: str
    key_id: KeyId
    facts: KeyFacts
    console: bool = False
    password_last_used: datetime | None = None
    mfa: str = "None"
    row: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionSet:
    """The regions that must be read, and those that the settings excuse by name with a reason."""

    readable: tuple[Region, ...]
    excused: tuple[tuple[Region, str], ...] = ()


def same_second(one: datetime, other: datetime) -> bool:
    """Return whether two times agree as far as IAM's answers do: whole seconds, rounded either way."""
    return abs(one - other) <= timedelta(seconds=1)
