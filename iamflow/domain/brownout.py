"""The brown-out: for a set time before its deactivation, every call signed with the key is denied.

CloudTrail does not record calls that fail authentication, as all calls with an Inactive key do, but it does record those
that fail authorization, with the key's id (DOMAIN section 1; that the id is there is inferred, so that the brown-out is an
option and off). A deny on everything where ``aws:TokenIssueTime`` is absent meets calls signed with long-term keys alone:
requests with temporary credentials carry that condition key (IAM user guide, "AWS global condition context keys").
It meets every long-term key of the user; GetCallerIdentity and GetSessionToken go through all the same.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from iamflow.domain.ids import TicketId


@dataclass(frozen=True, kw_only=True, slots=True)
class Brownout:
    """One brown-out, from the intent to put its deny on the user until that was observed to be gone. Times aware UTC."""

    policy: str
    """The name of the inline policy."""
    since: datetime
    """When it was decided: the deny cannot have been there before."""
    attached_at: datetime | None = None
    """When the deny was observed on the user."""
    ends_at: datetime | None = None
    """When it has lasted for as long as it was to."""
    lifted_at: datetime | None = None
    """When the deny was observed to be gone."""
    lift_request: str | None = None
    """The request id of the call that removed it; None where its answer was lost, or somebody else removed it."""
    removed_by_other: bool = False
    swept_at: datetime | None = None
    """When CloudTrail was read in every region for the whole of it, conclusively, and showed no use of the key."""
    excused: tuple[tuple[str, str], ...] = ()
    """The regions that the sweep left out, each with the reason that the settings gave."""

    @property
    def complete(self) -> bool:
        """Whether it lasted for the whole of its time."""
        return self.lifted_at is not None and self.ends_at is not None and self.lifted_at >= self.ends_at


class Deny(Enum):
    """What a reading says about the brown-out's policy."""

    ABSENT = auto()
    OURS = auto()
    FOREIGN = auto()
    """A policy of that name that iamflow did not write, or that somebody has changed since: never touched."""
    UNREAD = auto()


class Lack(Enum):
    """What a ticket's brown-out lacks before the key may be deactivated."""

    STILL_ON = auto()
    NOT_BEGUN = auto()
    CUT_SHORT = auto()
    NOT_SWEPT = auto()
    OTHER_REGIONS = auto()


def policy_name(ticket_id: TicketId) -> str:
    """Return the name of the inline policy that browns out the user for this ticket."""
    return f"iamflow-brownout-{ticket_id}"


def policy_document(ticket_id: TicketId) -> str:
    """Return the policy: a deny of every call that is signed with a long-term key."""
    statement = {
        "Sid": f"IamflowTicket{ticket_id}",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Null": {"aws:TokenIssueTime": "true"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def deny_in(policies: dict[str, str | None], ticket_id: TicketId) -> Deny:
    """Return what the policies that were read say about the deny of this ticket."""
    name = policy_name(ticket_id)
    if name not in policies:
        return Deny.UNREAD
    found = policies[name]
    if found is None:
        return Deny.ABSENT
    return Deny.OURS if same_document(found, policy_document(ticket_id)) else Deny.FOREIGN


def lack(brownout: Brownout | None, wanted: timedelta | None, excused: tuple[tuple[str, str], ...]) -> Lack | None:
    """Return what is still lacking before the deactivation, or None: no brown-out is wanted, or one was gone through whole.

    One that was begun must have been gone through and looked at even where the settings do not ask for it any more.
    """
    if brownout is None:
        return None if wanted is None else Lack.NOT_BEGUN
    if brownout.lifted_at is None:
        return Lack.STILL_ON
    if wanted is not None and not brownout.complete:
        return Lack.CUT_SHORT
    if brownout.swept_at is None:
        return Lack.NOT_SWEPT
    return None if set(brownout.excused) <= set(excused) else Lack.OTHER_REGIONS


def same_document(one: str, other: str) -> bool:
    """Return whether two policies say the same, however they are laid out; one that cannot be read says nothing."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
