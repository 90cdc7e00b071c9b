"""From what was read of a member account to what a guardrail would do there."""

from dataclasses import dataclass
from datetime import datetime

from iamflow.domain.facts import LastUse
from iamflow.domain.guardrail import AccountPreview, Member, Person
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.policy import Policy
from iamflow.domain.protection import protected_by_name, protected_by_tag


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One user as read: a console password, an MFA device, and the last use of each key that is not Inactive."""

    username: UserName
    console: bool
    mfa: bool
    uses: dict[KeyId, LastUse]
    tags: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountPeople:
    """A live reading of the people of one account; a reading that failed is an error, never a reading."""

    account_id: AccountId
    read_at: datetime
    root_mfa: bool
    root_access_key: bool
    people: tuple[Seen, ...]


def previewed(member: Member, found: AccountPeople, policy: Policy, now: datetime) -> AccountPreview:
    """Return what the policy would do in an account: to whom it leaves nothing but enrolling, and which keys it stops.

    A key counts unless it was last used longer ago than ``rules.unused_after``: no use on record is not the same as unused.
    """
    people = tuple(_person(found, seen, policy, now) for seen in found.people if seen.console or seen.uses)
    return AccountPreview(
        account_id=member.account_id,
        name=member.name,
        read_at=found.read_at,
        people=people,
        root_locked=not found.root_mfa,
        root_access_key=found.root_access_key,
    )


def _person(found: AccountPeople, seen: Seen, policy: Policy, now: datetime) -> Person:
    since = now - policy.rules.unused_after
    protection = policy.protection
    protected = protected_by_name(found.account_id, seen.username, protection)
    return Person(
        username=seen.username,
        locked=seen.console and not seen.mfa,
        keys=tuple(sorted(key for key, use in seen.uses.items() if use.at is None or use.at > since)),
        regions=tuple(sorted({use.region for use in seen.uses.values() if use.region})),
        protected=protected or protected_by_tag(seen.tags, protection),
    )
