"""What people are told about the way of a ``delete-user`` ticket."""

from datetime import datetime

from iamflow.domain.facts import KeyStatus
from iamflow.domain.policy import Policy
from iamflow.domain.quarantine import policy_name
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.delete_user.effects import is_deleting
from iamflow.workflows.shared.notices import in_words
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "tell the manager; the grace period runs from the moment a channel accepts the notice",
    State.NOTIFIED: "ask for the approval when the grace period is over",
    State.AWAITING_APPROVAL: "quarantine the user once it is approved",
    State.QUARANTINED: "set keys and service credentials to Inactive, then watch the user",
    State.MONITORING: "search CloudTrail once the window is over, then delete the user",
    State.DELETING: "delete what is left of the user, and then the user",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.EXEMPT: "open again when the exemption ends, with a new notice and a whole grace period",
    State.DELETED: "nothing: the user was deleted; ticket restore brings a part of it back",
    State.ROLLED_BACK: "nothing: the user works again",
    State.RESOLVED: "nothing: it was dealt with, or no longer holds",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    if ticket.wanted is not None and not ticket.ended:
        return "give back what the quarantine took, as asked for"
    if ticket.state is State.AWAITING_APPROVAL and ticket.key_was_deactivated:
        return "delete the user once it is approved; until then it is watched"
    if ticket.state in PAUSED and is_deleting(ticket):
        return _NEXT[ticket.state] + "; a part of the user is deleted already"
    if ticket.state in PAUSED and ticket.key_was_deactivated:
        return _NEXT[ticket.state] + "; the user is quarantined and watched, and can be rolled back"
    return _NEXT[ticket.state]


def _planned(ticket: Ticket, policy: Policy) -> str:
    if is_deleting(ticket):
        return "delete whatever is left of the user"
    if ticket.key_was_deactivated:
        return "delete the user when it has been watched long enough, or give back what was taken"
    watched = in_words(policy.of(ticket.workflow).monitor)
    return f"quarantine the user, watch it for {watched}, then delete it or give back what was taken"


def _expected_end(ticket: Ticket, policy: Policy, now: datetime) -> datetime | None:
    rules = policy.of(ticket.workflow)
    if is_deleting(ticket):
        return now
    if ticket.progress.window_ends_at is not None:
        return ticket.progress.window_ends_at + rules.delivery_lag
    begins = ticket.deadline if ticket.deadline is not None else now + rules.grace
    return begins + rules.monitor + rules.delivery_lag


def _by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "iam delete-user-policy", (("user-name", ticket.username), ("policy-name", policy_name(ticket.id)))


def _more_by_hand(ticket: Ticket) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the commands that switch on again what was Active before."""
    before, user, on = ticket.snapshot, ("user-name", ticket.username), ("status", KeyStatus.ACTIVE.value)
    if before is None:
        return ()
    keys = [key.key_id for key in before.keys if key.status is KeyStatus.ACTIVE]
    credentials = [one.id for one in before.service_credentials if one.status is KeyStatus.ACTIVE]
    return (
        *(("iam update-access-key", (user, ("access-key-id", key), on)) for key in keys),
        *(
            ("iam update-service-specific-credential", (user, ("service-specific-credential-id", one), on))
            for one in credentials
        ),
    )


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=lambda ticket: f"user {ticket.username} works again",
    by_hand=_by_hand,
    more_by_hand=_more_by_hand,
)
