"""What a ticket is to a program: its fields in JSON and CSV. The names are a promise (docs/reference/cli.md lists them)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from iamflow.domain.journal import Event
from iamflow.domain.people import RULES
from iamflow.domain.policy import Policy
from iamflow.domain.states import Mode
from iamflow.domain.ticket import Approval, Progress, Ticket
from iamflow.engine.queries import awaits_confirmation, coming, expected_end, planned

FIELDS = (
    "id",
    "workflow",
    "state",
    "account_id",
    "account_name",
    "username",
    "access_key_id",
    "owner",
    "opened_at",
    "state_since",
    "due_at",
    "deadline",
    "closed_at",
    "resolution",
    "confirmation",
    "blocked_code",
    "blocked_reason",
    "plan_digest",
    "version",
)

SHOW_FIELDS = (
    *FIELDS,
    "workflow_version",
    "user_id",
    "owner_source",
    "managed",
    "requester",
    "came_from",
    "wanted",
    "facts",
    "unconfirmed",
    "progress",
    "baseline",
    "migration",
    "snapshot",
    "parent_id",
    "signals",
    "approvals",
    "mode",
    "next_step",
    "expected_end",
    "evidence_removed_at",
    "events_removed_at",
)

_PROGRESS = (
    "notified_at",
    "promised_at",
    "told_owner",
    "reminders",
    "notice_waiver",
    "grace_waiver",
    "keep",
    "approval_reasons",
    "once_rolled_back",
    "last_use",
    "brownout",
    "mfa_policy",
    "enrolment",
    "rotation",
    "guardrail",
    "deactivated_at",
    "window_ends_at",
    "final_sweep",
    "confirm_by",
    "proof_event_id",
    "exempt_until",
    "exempt_reason",
    "paced_until",
    "waiting_for",
)

EVENT_FIELDS = ("seq", "at", "actor", "kind", "from_state", "to_state", "detail")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A ticket with everything that ``ticket show`` tells of it."""

    ticket: Ticket
    approvals: Sequence[Approval]
    policy: Policy
    now: datetime
    enforced: bool = False
    """Whether the engine acts in the account, as it last noted."""

    @property
    def mode(self) -> str:
        """Whether iamflow may act on this ticket, or only observes its account.

        Where the settings choose accounts by patterns, which ones these are is what the engine has asked the organisation.
        """
        by_pattern = self.policy.mode is Mode.ENFORCE and bool(self.policy.scope.patterns) and self.enforced
        return "enforce" if by_pattern or self.policy.acts_in(self.ticket.account_id) else "observe"

    @property
    def unconfirmed(self) -> bool:
        """Whether the ticket waits for AWS to confirm what only a report older than ``rules.max_fact_age`` says."""
        return awaits_confirmation(self.ticket, self.policy, self.now)

    @property
    def next_step(self) -> str:
        """What comes next, in words."""
        return coming(self.ticket, self.policy, self.now)

    @property
    def planned(self) -> str:
        """What would be done, in words."""
        return planned(self.ticket, self.policy)

    @property
    def expected_end(self) -> datetime | None:
        """When the ticket is expected to be complete."""
        return expected_end(self.ticket, self.policy, self.now)


def ticket_record(ticket: Ticket) -> dict[str, object]:
    """Return a ticket as the list has it."""
    return {
        name: (ticket.owner.address if ticket.owner is not None else None) if name == "owner" else getattr(ticket, name)
        for name in FIELDS
    }


def shown_record(shown: Shown) -> dict[str, object]:
    """Return a ticket as ``ticket show`` has it."""
    ticket = shown.ticket
    return ticket_record(ticket) | {
        "workflow_version": ticket.workflow_version,
        "user_id": ticket.user_id,
        "owner_source": ticket.owner.source if ticket.owner is not None else None,
        "managed": ticket.progress.managed,
        "requester": requester(ticket),
        "came_from": ticket.came_from,
        "wanted": ticket.wanted,
        "facts": ticket.facts,
        "unconfirmed": shown.unconfirmed,
        "progress": _progress(ticket.progress),
        "baseline": ticket.baseline,
        "migration": ticket.migration,
        "snapshot": ticket.snapshot,
        "parent_id": ticket.parent_id,
        "signals": ticket.progress.signals,
        "approvals": [_approval(approval) for approval in shown.approvals],
        "mode": shown.mode,
        "next_step": shown.next_step,
        "expected_end": shown.expected_end,
        "evidence_removed_at": ticket.evidence_removed_at,
        "events_removed_at": ticket.events_removed_at,
    }


def requester(ticket: Ticket) -> str:
    """Return who asked for the ticket: a person, or the rules."""
    return "rules" if ticket.requester == RULES else str(ticket.requester)


def event_record(event: Event) -> dict[str, object]:
    """Return an event as ``ticket history`` has it."""
    return {name: getattr(event, name) for name in EVENT_FIELDS} | {"detail": json.loads(event.detail)}


def _progress(progress: Progress) -> dict[str, object]:
    return {name: getattr(progress, name) for name in _PROGRESS}


def _approval(approval: Approval) -> dict[str, object]:
    return {
        "by": str(approval.by),
        "at": approval.at,
        "digest": approval.digest,
        "expires_at": approval.expires_at,
        "used_at": approval.used_at,
        "comment": approval.comment,
    }
