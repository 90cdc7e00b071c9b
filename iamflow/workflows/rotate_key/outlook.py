"""What people are told about the way of a ``rotate-key`` ticket."""

from datetime import datetime

from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared.notices import in_words
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "tell the owner that the key is about to be replaced",
    State.NOTIFIED: "make a new key once the secret store was seen to take a write and there is room for one",
    State.AWAITING_APPROVAL: "go on once it is approved",
    State.ISSUED: "tell the owner where the new key's secret is",
    State.AWAITING_ADOPTION: "wait until the new key is in use and the old one idle, or the owner says that it is not "
    "used any more (iamflow ticket reply --migrated); then deactivate the old one",
    State.DEACTIVATED: "watch the old key once the change has reached all of AWS",
    State.MONITORING: "search CloudTrail once the window is over, then delete the old key or ask for an approval",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.EXEMPT: "open again when the exemption ends, with a new notice and a whole grace period",
    State.DELETED: "nothing: the old key was deleted, the new one has taken its place",
    State.ROLLED_BACK: "nothing: the old key works as before; what uses it can take a role (iamflow ticket open --from ID)",
    State.RESOLVED: "nothing: it was dealt with, or no longer holds",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    rotation = ticket.progress.rotation
    if not ticket.ended and (ticket.wanted is not None or (rotation is not None and rotation.given_back)):
        return "leave the old key Active, and delete the new one if it was never used"
    told = _NEXT[ticket.state]
    if ticket.state is State.AWAITING_APPROVAL:
        told = f"{_planned_effect(ticket)} once it is approved"
    if ticket.state in PAUSED and ticket.key_was_deactivated:
        return told + "; the old key is Inactive and watched, and can be rolled back"
    if ticket.state in PAUSED and ticket.is_replaced:
        return told + "; the old key works as before"
    return told


def _planned_effect(ticket: Ticket) -> str:
    rotation = ticket.progress.rotation
    if ticket.key_was_deactivated:
        return "delete the old key"
    if rotation is not None and rotation.new_key is not None:
        return "deactivate the old key"
    if rotation is not None and rotation.slot is not None:
        return f"delete the Inactive key {rotation.slot} to make room, then make a new key"
    return "make a new key"


def _planned(ticket: Ticket, policy: Policy) -> str:
    rotation = ticket.progress.rotation
    if ticket.key_was_deactivated:
        return "delete the old key when it has been watched long enough, or give it back"
    watched = in_words(policy.of(ticket.workflow).monitor)
    after = f"deactivate the old key, watch it for {watched}, then delete it or give it back"
    if rotation is not None and rotation.new_key is not None:
        return (
            f"the new key is {rotation.new_key}, its secret in {rotation.place.in_words()}; once it is in use, {after}"
        )
    sink = policy.rotate_key.sink.of(ticket.account_id, ticket.username, ticket.key)
    place = rotation.place if rotation is not None else sink
    return f"make a new key, its secret into {place.in_words()}; once it is in use, {after}"


def _expected_end(ticket: Ticket, policy: Policy, _: datetime) -> datetime | None:
    """Nobody knows when the new key will be taken; from the deactivation on, the window tells."""
    ends = ticket.progress.window_ends_at
    return ends + policy.of(ticket.workflow).delivery_lag if ends is not None else None


def _given_back(ticket: Ticket) -> str:
    rotation = ticket.progress.rotation
    was = "is Active again" if rotation is not None and rotation.given_back else "works as before"
    told = f"key {ticket.access_key_id} {was}"
    if rotation is None or (rotation.new_key is None and not rotation.withdrawn):
        return told
    if rotation.new_key is not None:
        return f"{told}; the new key {rotation.new_key} has been used and stays too"
    return f"{told}; the new key {rotation.withdrawn[-1]} was never used and is deleted"


def _by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    named = (("user-name", ticket.username), ("access-key-id", ticket.key), ("status", "Active"))
    return "iam update-access-key", named


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=_given_back,
    by_hand=_by_hand,
)
