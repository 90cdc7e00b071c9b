"""What people are told, as data: the outbox carries it, ``iamflow.notify`` words it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import TicketId


class NoticeKind(StrEnum):
    """Which template a notice uses."""

    KEY_DEACTIVATION = "key_deactivation"
    REMINDER = "reminder"
    BROWNED_OUT = "browned_out"
    DEACTIVATED = "deactivated"
    ROLLED_BACK = "rolled_back"
    HELD = "held"
    DELETED = "deleted"
    APPROVAL_NEEDED = "approval_needed"
    ATTENTION = "attention"
    KEY_ROTATION = "key_rotation"
    KEY_ISSUED = "key_issued"
    KEY_UNUSED = "key_unused"
    KEY_MIGRATION = "key_migration"
    PROVISIONED = "provisioned"
    ROLE_UNUSED = "role_unused"
    SCENARIO_UNKNOWN = "scenario_unknown"
    MFA_REQUIRED = "mfa_required"
    USER_DELETION = "user_deletion"
    QUARANTINED = "quarantined"
    RESTORED = "restored"
    ENFORCED = "enforced"
    REMEDIATED = "remediated"
    ROOT_AT_RISK = "root_at_risk"
    ESCALATED = "escalated"
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One message to one or more people about one ticket.

    ``grace_seconds`` is set on notices that promise a date: the date is worked out when the notice is sent, so that a
    notice sent late never promises less than the whole grace period.
    """

    ticket_id: TicketId
    kind: NoticeKind
    recipients: tuple[str, ...]
    dedupe_key: str
    """The same notice is never sent twice, whatever is retried: unique together with the channel."""
    context: Mapping[str, object] = field(default_factory=dict)
    """JSON values for the template. External text in it is hostile and is encoded by the template."""
    grace_seconds: float | None = None
    not_before: datetime | None = None
    """A date that the notice must not promise less than (a reminder repeats the date already promised)."""


class NoticeState(StrEnum):
    """How far the first notice of a round has come."""

    NONE = "none"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeStatus:
    """The best that any channel has done with the first notice of a ticket's current round.

    Acceptance means that a mail server took it, which is not delivery.
    """

    state: NoticeState = NoticeState.NONE
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    error: str | None = None
