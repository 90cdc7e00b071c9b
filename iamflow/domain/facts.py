"""What is known about a key: as an audit told it, and as AWS was seen to be."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from iamflow.domain.blueprint import Standings
from iamflow.domain.guardrail import OrganisationReading
from iamflow.domain.ids import AccountId, KeyId, Region, SubjectId
from iamflow.domain.sink import SinkState
from iamflow.domain.subject import subject_id

if TYPE_CHECKING:
    # It is made of what stands here.
    from iamflow.domain.belongings import Belongings


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


LIVE = "live"
"""The source of facts that were read from AWS itself; of those that a report led to, with its name after a comma."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Where a fact comes from that the newest report or reading does not tell, and that an older one told."""

    field: str
    """The name of the field beside it."""
    source: str
    as_of: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """The latest call by a user that a report of CloudTrail events names. With which credentials, such a report does not say."""

    at: datetime
    event: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFacts:
    """What the newest report or live reading says of the key. A report opens tickets; it never justifies a mutation."""

    status: KeyStatus
    created_at: datetime
    last_use: LastUse
    as_of: datetime
    source: str
    """``iam-audit:FILE``, ``live``, or ``live, after prowler:FILE``."""
    holds: bool = True
    """Whether the finding still held in the newest report."""
    kept: tuple[Kept, ...] = ()
    """What of this an older report told, and the newest one does not; the rest is from ``source``, as of ``as_of``."""
    seen: Sighting | None = None


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
    kept: tuple[Kept, ...] = ()
    seen: Sighting | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RootFacts:
    """What the newest report or live reading says of an account's root user."""

    mfa: bool | None
    access_key: bool | None
    last_login: datetime | None
    as_of: datetime
    source: str
    holds: bool = True
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFacts:
    """What is known of a target of the organisation: an organisational unit or a member account."""

    target: str
    target_name: str | None
    """None where it was not read yet."""
    as_of: datetime
    source: str
    holds: bool = True


Facts = KeyFacts | UserFacts | RootFacts | TargetFacts
"""What is known of whatever a ticket is about."""


def created_of(facts: Facts) -> datetime | None:
    """Return when the key or the user was made, where that is known."""
    return None if isinstance(facts, RootFacts | TargetFacts) else facts.created_at


def marked(facts: Facts, *, holds: bool) -> Facts:
    """Return the facts, saying whether the finding still held when they were learned."""
    match facts:
        case KeyFacts():
            return replace(facts, holds=holds)
        case UserFacts():
            return replace(facts, holds=holds)
        case RootFacts() | TargetFacts():
            return replace(facts, holds=holds)


def dated(facts: Facts, as_of: datetime) -> Facts:
    """Return the facts as of another time (UTC)."""
    match facts:
        case KeyFacts():
            return replace(facts, as_of=as_of)
        case UserFacts():
            return replace(facts, as_of=as_of)
        case RootFacts() | TargetFacts():
            return replace(facts, as_of=as_of)


def last_use_of(facts: Facts) -> LastUse | None:
    """Return the last use of keys that the facts tell of; None where they tell of none: of a root user, or of a target."""
    match facts:
        case KeyFacts():
            return facts.last_use
        case UserFacts():
            return LastUse(at=facts.key_last_used)
        case RootFacts() | TargetFacts():
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyState:
    """One row of ListAccessKeys."""

    key_id: KeyId
    status: KeyStatus
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedPolicy:
    """A customer managed policy of the account, as its default version reads."""

    arn: str
    document: str
    attached: bool
    """Whether it is attached to the user that was read."""


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
    inline: dict[str, str] | None = None
    """Every inline policy of the user, with its document; None where they were not asked for."""
    managed: dict[str, ManagedPolicy | None] = field(default_factory=dict)
    """The customer managed policies that were asked for by name; None for one that the account does not have."""
    belongings: "Belongings | None" = None
    """Everything that the user has; None where it was not asked for, and for a user who is gone."""
    unassigned_mfa: frozenset[str] | None = None
    """The serial numbers of the account's virtual MFA devices that belong to nobody; None where they were not asked for."""

    sink: SinkState | None = None
    """What was seen of the place of a new key's secret; None where it was not asked for."""
    standings: Standings | None = None
    """How each step of a blueprint stands, by its id; None where that was not asked for."""
    role_used_at: datetime | None = None
    """When the blueprint's role was last used; None for never, for no data, and where it was not asked for."""

    security_contact: str | None = None
    """The address that the account names for security matters; None for none, for not known, and where it was not asked for."""

    organisation: OrganisationReading | None = None
    """What Organizations says of a target and a policy; only in a reading for a guardrail, which holds no user."""

    def clock_error(self) -> timedelta:
        """Return how far this host's clock is ahead of AWS's (behind, if negative); nothing where AWS did not say."""
        return self.read_at - self.aws_time if self.aws_time is not None else timedelta(0)

    def key(self, key_id: KeyId | None) -> KeyState | None:
        """Return the state of exactly this key, or None when the user has no such key."""
        return next((key for key in self.keys if key.key_id == key_id), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One key or one user that an audit reported, with what the report says about it."""

    account_id: AccountId
    account_name: str
    username: str
    key_id: KeyId | None = None
    """None for a finding about the user, or about the account's root user."""
    facts: Facts
    console: bool = False
    password_last_used: datetime | None = None
    mfa: str = "None"
    row: int = 0

    @property
    def subject(self) -> SubjectId:
        """What the finding is about, as one text."""
        return subject_id(self.account_id, self.username, self.key_id)

    @property
    def key_facts(self) -> KeyFacts:
        """What is known of the key that the finding is about."""
        if not isinstance(self.facts, KeyFacts):
            message = f"a finding about {self.subject} is about no single key"
            raise AssertionError(message)  # noqa: TRY004 - the finding is of another rule; no type was passed wrongly
        return self.facts

    @property
    def root_facts(self) -> RootFacts:
        """What is known of the root user that the finding is about."""
        if not isinstance(self.facts, RootFacts):
            message = f"a finding about {self.subject} is about no root user"
            raise AssertionError(message)  # noqa: TRY004 - the finding is of another rule; no type was passed wrongly
        return self.facts


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionSet:
    """The regions that must be read, and those that the settings excuse by name with a reason."""

    readable: tuple[Region, ...]
    excused: tuple[tuple[Region, str], ...] = ()


def same_second(one: datetime, other: datetime) -> bool:
    """Return whether two times agree as far as IAM's answers do: whole seconds, rounded either way."""
    return abs(one - other) <= timedelta(seconds=1)
