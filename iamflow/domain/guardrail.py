"""The guardrail: a service control policy that denies people of member accounts everything without MFA.

Without the enrolment calls exempted nobody could ever enrol a device: a deadlock (DOMAIN section 4). It names users and root
users alone. Roles carry no MFA, so that it would otherwise deny every workload, and iamflow's own role with them. It does
not reach the organisation's management account, nor service-linked roles.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from iamflow.domain.brownout import Deny, same_document
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName
from iamflow.domain.mfa_calls import ENROLMENT, PASSWORD
from iamflow.domain.states import Resolution

MOST_POLICIES = 5
"""Service control policies that may be attached to one target (Organizations quotas)."""

PREVIEW_LASTS = timedelta(hours=6)
"""How long what was read of a member account is good enough to act on: reading a large organisation takes long."""

_TARGET = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|[0-9]{12}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


# --- names ------------------------------------------------------------------------------------------------------------


def is_target(text: str) -> bool:
    """Return whether this is the id of an organisational unit or of an account (Organizations API reference, AttachPolicy)."""
    return _TARGET.fullmatch(text) is not None


def is_account(target: str) -> bool:
    """Return whether a target is an account; an organisational unit, otherwise."""
    return _ACCOUNT.fullmatch(target) is not None


def named(target: str) -> UserName:
    """Return how tickets name a target in the user's place. No IAM user can bear the name: it never reaches such a call."""
    return UserName(f"<{target}>")


def target_of(username: str) -> str:
    """Return the target of a ticket that names it so."""
    return username.removeprefix("<").removesuffix(">")


def policy_name(ticket_id: TicketId) -> str:
    """Return the name of the policy of a ticket. Names are unique in an organisation."""
    return f"iamflow-mfa-guardrail-{ticket_id}"


def policy_document(ticket_id: TicketId, *, exempt_change_password: bool) -> str:
    """Return the policy: a deny of everything but enrolling a device, to users and root users without MFA."""
    spared = sorted((*ENROLMENT, *PASSWORD)) if exempt_change_password else sorted(ENROLMENT)
    statement = {
        "Sid": f"IamflowTicket{ticket_id}",
        "Effect": "Deny",
        "NotAction": spared,
        "Resource": "*",
        "Condition": {
            "BoolIfExists": {"aws:MultiFactorAuthPresent": "false"},
            "ArnLike": {"aws:PrincipalArn": ["arn:*:iam::*:user/*", "arn:*:iam::*:root"]},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


# --- what AWS says ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlPolicy:
    """A service control policy as it is."""

    policy_id: str
    document: str
    targets: tuple[str, ...]
    """The ids of everything that it is attached to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganisationReading:
    """What Organizations says of one target, and of the policy of one name."""

    management_account: AccountId
    enabled: bool
    """Whether service control policies are enabled."""
    target_name: str | None
    """None where there is no such unit or account in the organisation."""
    attached: tuple[str, ...] = ()
    """The ids of the policies that are attached to the target itself."""
    policy: ControlPolicy | None = None
    """The policy of the name that was asked for; None where there is none."""


def standing(found: OrganisationReading | None, document: str) -> Deny:
    """Return what a reading says about the policy that should have this document."""
    if found is None:
        return Deny.UNREAD
    if found.policy is None:
        return Deny.ABSENT
    return Deny.OURS if same_document(found.policy.document, document) else Deny.FOREIGN


def is_attached(found: OrganisationReading | None, target: str) -> bool:
    """Return whether the policy is attached to this target."""
    return found is not None and found.policy is not None and target in found.policy.targets


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One member account under a target."""

    account_id: AccountId
    name: str


# --- the preview ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One user of a member account whom the policy may reach: with a console password, or an Active key."""

    username: UserName
    locked: bool
    """A console password and no MFA device: nothing but enrolling one would be left."""
    keys: tuple[KeyId, ...] = ()
    """The Active keys that were used lately, or of which no use is on record: their calls would be denied."""
    regions: tuple[str, ...] = ()
    """Where the user's keys were last used."""
    protected: str | None = None
    """Why nobody may touch the user, where that is so."""

    @property
    def hit(self) -> bool:
        """Whether the policy would take something from the user."""
        return self.locked or bool(self.keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountPreview:
    """What the policy would do in one member account, as it was read. ``read_at`` None: not yet."""

    account_id: AccountId
    name: str
    read_at: datetime | None = None
    unread: str | None = None
    """Why the account could not be read."""
    people: tuple[Person, ...] = ()
    root_locked: bool = False
    """Whether the root user has no MFA device."""
    root_access_key: bool = False

    @property
    def damage(self) -> tuple[str, ...]:
        """What would be denied, as sentences with names."""
        where = f"{self.name or self.account_id} ({self.account_id})"
        locked = [person.username for person in self.people if person.locked]
        keys = [f"{key} of {person.username}" for person in self.people for key in person.keys]
        found = []
        if locked:
            found.append(f"{where}: {_count(len(locked), 'user')} with a password and no MFA: {', '.join(locked)}")
        if keys:
            found.append(f"{where}: {_count(len(keys), 'key')} in use, or of unknown use: {', '.join(keys)}")
        if self.root_locked or self.root_access_key:
            what = " and ".join(
                text
                for text, there in (("has no MFA", self.root_locked), ("has access keys", self.root_access_key))
                if there
            )
            found.append(f"{where}: the root user {what}")
        return tuple(found)


def _count(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number} {thing}s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the policy would do in every member account under its target."""

    accounts: tuple[AccountPreview, ...]

    def pending(self, now: datetime) -> tuple[AccountPreview, ...]:
        """Return the accounts that are still to be read, or to be read again because it was long ago."""
        return tuple(
            one
            for one in self.accounts
            if one.unread is None and (one.read_at is None or not now - PREVIEW_LASTS < one.read_at <= now)
        )

    @property
    def unread(self) -> tuple[str, ...]:
        """Why the preview is not whole, one sentence for each account that could not be read."""
        return tuple(
            f"{one.name or one.account_id} ({one.account_id}) could not be read: {one.unread}"
            for one in self.accounts
            if one.unread is not None
        )

    @property
    def whole(self) -> bool:
        """Whether every account was read, however long ago."""
        return all(one.read_at is not None and one.unread is None for one in self.accounts)

    @property
    def damage(self) -> tuple[str, ...]:
        """What would be denied, in all accounts."""
        return tuple(sentence for one in self.accounts for sentence in one.damage)

    @property
    def protected(self) -> tuple[str, ...]:
        """The protected users whom the policy would hit, with why they are protected."""
        return tuple(
            f"{person.username} in {one.account_id} ({person.protected})"
            for one in self.accounts
            for person in one.people
            if person.hit and person.protected is not None
        )

    def plan(self) -> list[object]:
        """Return what an approval binds to: which accounts, and who and what would be denied in each."""
        return [
            [
                one.account_id,
                one.root_locked,
                one.root_access_key,
                [[person.username, person.locked, list(person.keys)] for person in one.people if person.hit],
            ]
            for one in self.accounts
        ]


# --- a ticket's guardrail ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenPolicy:
    """The ticket's own policy, from the intent to make it until it was observed to be gone. Times aware UTC."""

    name: str
    document: str
    """What was written, which the settings of today need not be."""
    since: datetime
    """When it was decided: the policy cannot have been there before."""
    policy_id: str | None = None
    """Its id, once it was observed."""
    attached_at: datetime | None = None
    attach_request: str | None = None
    removed_at: datetime | None = None
    over: Resolution | None = None
    """Why it is being removed, once it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """How far CloudTrail was searched for denials since the policy was attached. Times aware UTC."""

    began_at: datetime
    """When the present round of questions began."""
    asked: int = 0
    """How many questions of it were asked."""
    searched_at: datetime | None = None
    """When the last whole round began: everything that CloudTrail had delivered by then was seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """How far the guardrail of a ticket has come."""

    preview: Preview | None = None
    accepted: str | None = None
    """The digest of the plan whose damage people have accepted on the record."""
    policy: WrittenPolicy | None = None
    watch: Watch | None = None

    @property
    def begun(self) -> bool:
        """Whether a policy may be there: begun, and not observed to be gone."""
        return self.policy is not None and self.policy.removed_at is None
