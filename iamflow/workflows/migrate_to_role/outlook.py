"""What people are told about the way of a ``migrate-to-role`` ticket."""

from datetime import datetime

from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import by_hand, texts
from iamflow.workflows.shared.notices import in_words
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "tell the owner; the grace period runs from the moment a channel accepts the notice",
    State.NOTIFIED: "find out where the key is used when the grace period is over",
    State.DISCOVERING: "find out where the key is used",
    State.PLANNED: "make a plan",
    State.AWAITING_APPROVAL: "carry out the plan once it is approved",
    State.PROVISIONED: "wait for the cut-over once the role has reached all of AWS",
    State.AWAITING_CUTOVER: "wait until the role is in use and the key idle, or the owner says that nothing uses the key any "
    "more (iamflow ticket reply --migrated); then deactivate the key",
    State.DEACTIVATED: "watch the key once the change has reached all of AWS",
    State.MONITORING: "search CloudTrail once the window is over, then delete the key or ask for an approval",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.EXEMPT: "open again when the exemption ends, with a new notice and a whole grace period",
    State.DELETED: "nothing: the key was deleted, the role has taken its place",
    State.ROLLED_BACK: "nothing: the key works as before, and what was made is gone again",
    State.RESOLVED: "nothing: it was dealt with, or no longer holds",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    migration = ticket.migration
    undoing = migration is not None and migration.undoing is not None
    if not ticket.ended and (ticket.wanted is not None or undoing):
        return "leave the key Active, and undo what was made for the role, the last change first"
    if ticket.state is State.PLANNED and migration is not None and migration.obstacle is not None:
        return f"make a plan once a person has said how (iamflow ticket plan {ticket.id})"
    if ticket.state is State.AWAITING_APPROVAL:
        return _once_approved(ticket)
    return _NEXT[ticket.state] + _stands(ticket)


def _once_approved(ticket: Ticket) -> str:
    if ticket.key_was_deactivated:
        return "delete the key once it is approved; until then it is watched"
    if ticket.migration is not None and ticket.migration.provisioned_at is not None:
        return "deactivate the key once it is approved"
    return _NEXT[State.AWAITING_APPROVAL]


def _stands(ticket: Ticket) -> str:
    """Return how things stand while the ticket is paused."""
    if ticket.state in PAUSED and ticket.key_was_deactivated:
        return "; the key is Inactive and watched, and can be rolled back"
    if ticket.state in PAUSED and ticket.is_replaced:
        return "; role and key both work, and can be rolled back"
    return ""


def _planned(ticket: Ticket, policy: Policy) -> str:
    if ticket.key_was_deactivated:
        return "delete the key when it has been watched long enough, or give it back"
    watched = in_words(policy.of(ticket.workflow).monitor)
    after = f"once the application uses the role, deactivate the key, watch it for {watched}, then delete it"
    migration = ticket.migration
    if migration is None or migration.blueprint is None:
        return f"find out where the key is used, propose a role in its place, and, approved, make it; {after}"
    made = "role" if migration.provisioned_at is None else "role (made)"
    return f"{made} {migration.blueprint.role}: {texts.summary(migration.blueprint)}; {after}"


def _expected_end(ticket: Ticket, policy: Policy, _: datetime) -> datetime | None:
    """Nobody knows when the application will take the role; from the deactivation on, the window tells."""
    ends = ticket.progress.window_ends_at
    return ends + policy.of(ticket.workflow).delivery_lag if ends is not None else None


def _key_by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    named = (("user-name", ticket.username), ("access-key-id", ticket.key), ("status", "Active"))
    return "iam update-access-key", named


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=lambda ticket: (
        f"key {ticket.access_key_id} works as before, and what was made for the role is gone again"
    ),
    by_hand=_key_by_hand,
    more_by_hand=by_hand.undoing,
)
