"""The policy that requires MFA: it denies a user everything but enrolling a device until he has signed in with one.

``BoolIfExists`` takes a request without ``aws:MultiFactorAuthPresent`` for one without MFA. Requests that are signed with a
long-term access key never carry that condition key, so that all of them are denied too (IAM user guide, "AWS global
condition context keys"). The policy grants nothing: whoever may not enrol himself by other policies is locked out by it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.brownout import Deny, same_document
from iamflow.domain.facts import UserReading
from iamflow.domain.ids import TicketId
from iamflow.domain.mfa_calls import ENROLMENT, PASSWORD
from iamflow.domain.states import Resolution

INLINE_NAME = "RequireMFAPolicy"
"""The name of the inline policy, on each user."""

INLINE_MOST = 2048
"""All inline policies of a user together, white space not counted (IAM and STS quotas)."""

MANAGED_NAMES = ("iamflow-RequireMFAPolicy", "iamflow-RequireMFAPolicy-password")
"""The names of the customer managed policies, one an account: without and with a way to change one's password."""


class How(StrEnum):
    """How the policy gets onto a user."""

    INLINE = "inline"
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One policy exactly as iamflow writes it; whatever reads otherwise is somebody else's."""

    how: How
    name: str
    document: str
    arn: str | None = None
    """The ARN of a managed policy, once it was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MfaPolicy:
    """The policy on one user, from the intent to put it there until it was observed to be gone. Times aware UTC."""

    shape: Shape
    """What was written, which the settings of today need not be."""
    since: datetime
    """When it was decided: the policy cannot have been there before."""
    attached_at: datetime | None = None
    """When it was observed on the user."""
    removed_at: datetime | None = None
    """When it was observed to be gone."""
    over: Resolution | None = None
    """Why it is being removed, once it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """Whether a user's own policies let him enrol an MFA device, as they read at a time (aware UTC)."""

    at: datetime
    lacking: tuple[str, ...]
    """What is in the way, as sentences; nothing where he can."""


def shape(ticket_id: TicketId, how: How, *, exempt_change_password: bool) -> Shape:
    """Return the policy that these settings ask for. An inline one names its ticket; a managed one serves them all."""
    if how is How.INLINE:
        document = _document(f"IamflowTicket{ticket_id}", exempt_change_password=exempt_change_password)
        return Shape(how=how, name=INLINE_NAME, document=document)
    document = _document("IamflowRequireMFA", exempt_change_password=exempt_change_password)
    return Shape(how=how, name=MANAGED_NAMES[exempt_change_password], document=document)


def _document(sid: str, *, exempt_change_password: bool) -> str:
    spared = sorted((*ENROLMENT, *PASSWORD)) if exempt_change_password else sorted(ENROLMENT)
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "NotAction": spared,
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def standing(reading: UserReading, wanted: Shape) -> Deny:
    """Return what a reading says about this policy on the user. A user who is gone has none."""
    if reading.user_id is None:
        return Deny.ABSENT
    if wanted.how is How.INLINE:
        if reading.inline is None:
            return Deny.UNREAD
        return _compared(reading.inline.get(wanted.name), wanted)
    if wanted.name not in reading.managed:
        return Deny.UNREAD
    found = reading.managed[wanted.name]
    there = _compared(found.document if found is not None else None, wanted)
    return Deny.ABSENT if there is Deny.OURS and found is not None and not found.attached else there


def is_missing(reading: UserReading, wanted: Shape) -> bool:
    """Return whether the account has no managed policy of that name yet."""
    return wanted.name in reading.managed and reading.managed[wanted.name] is None


def left_behind(reading: UserReading, ticket_id: TicketId) -> Shape | None:
    """Return the ticket's own inline policy where the user has it: a backup that was restored may not know of it."""
    shapes = (shape(ticket_id, How.INLINE, exempt_change_password=password) for password in (False, True))
    return next((one for one in shapes if reading.inline is not None and standing(reading, one) is Deny.OURS), None)


def inline_size(documents: dict[str, str], more: Shape) -> int:
    """Return how many characters the user's inline policies would have with this one, as IAM counts them."""
    others = [document for name, document in documents.items() if name != more.name]
    return sum(len("".join(document.split())) for document in [*others, more.document])


def _compared(found: str | None, wanted: Shape) -> Deny:
    if found is None:
        return Deny.ABSENT
    return Deny.OURS if same_document(found, wanted.document) else Deny.FOREIGN
