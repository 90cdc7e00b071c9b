"""What people are told about the way of a ``disable-key`` ticket."""

from datetime import datetime, timedelta

from iamflow.domain.brownout import lack, policy_name
from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared.notices import in_words
from iamflow.workflows.workflow import Outlook

_NO_TIME = timedelta(0)

_NEXT: dict[State, str] = {
    State.OPEN: "tell the owner; the grace period runs from the moment a channel accepts the notice",
    State.NOTIFIED: "deactivate the key when the grace period is over, after a brown-out where the settings ask for one",
    State.AWAITING_APPROVAL: "deactivate the key once it is approved",
    State.BROWNOUT: "search CloudTrail for denials, then deactivate the key",
    State.DEACTIVATED: "watch the key once the change has reached all of AWS",
    State.MONITORING: "search CloudTrail once the window is over, then delete the key or ask for an approval",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.EXEMPT: "open again when the exemption ends, with a new notice and a whole grace period",
    State.DELETED: "nothing: the key was deleted",
    State.ROLLED_BACK: "nothing: the key works again; what uses it can take a role instead (iamflow ticket open --from ID)",
    State.RESOLVED: "nothing: it was dealt with, or no longer holds",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    if ticket.wanted is not None:
        return "give the key back, as asked for"
    if ticket.state is State.BROWNOUT and ticket.is_denied:
        return "take the deny away when the brown-out is over, " + _NEXT[ticket.state]
    if ticket.state in PAUSED and ticket.is_denied:
        return _NEXT[ticket.state] + "; the brown-out's deny is taken away first"
    if ticket.state is State.AWAITING_APPROVAL and ticket.key_was_deactivated:
        return "delete the key once it is approved; until then it is watched"
    if ticket.state in PAUSED and ticket.key_was_deactivated:
        return _NEXT[ticket.state] + "; the key is Inactive and watched, and can be rolled back"
    return _NEXT[ticket.state]


def _planned(ticket: Ticket, policy: Policy) -> str:
    if ticket.key_was_deactivated:
        return "delete the key when it has been watched long enough, or give it back"
    rules = policy.of(ticket.workflow)
    lacks = lack(ticket.progress.brownout, rules.brownout, policy.excused)
    first = f"brown the key out for {in_words(rules.brownout)}, " if lacks is not None and rules.brownout else ""
    return f"{first}deactivate the key, watch it for {in_words(rules.monitor)}, then delete it or give it back"


def _expected_end(ticket: Ticket, policy: Policy, now: datetime) -> datetime | None:
    rules = policy.of(ticket.workflow)
    after = rules.delivery_lag
    if ticket.progress.window_ends_at is not None:
        return ticket.progress.window_ends_at + after
    if ticket.deadline is not None:
        return max(ticket.deadline, _brownout_ends(ticket, policy)) + rules.monitor + after
    return now + rules.grace + (rules.brownout or _NO_TIME) + rules.monitor + after


def _brownout_ends(ticket: Ticket, policy: Policy) -> datetime:
    """Return when CloudTrail can have been searched for a brown-out that is wanted; the deadline where none is."""
    deadline = ticket.deadline or ticket.opened_at
    wanted, brownout = policy.of(ticket.workflow).brownout, ticket.progress.brownout
    if wanted is None:
        return deadline
    ends_at = brownout.ends_at if brownout is not None and brownout.ends_at is not None else deadline + wanted
    return ends_at + policy.of(ticket.workflow).delivery_lag


def _given_back(ticket: Ticket) -> str:
    if ticket.key_was_deactivated:
        return f"key {ticket.access_key_id} is Active again"
    return f"the brown-out of key {ticket.access_key_id} is over: its calls are not denied any more"


def _by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    if not ticket.key_was_deactivated:
        return "iam delete-user-policy", (("user-name", ticket.username), ("policy-name", policy_name(ticket.id)))
    named = (("user-name", ticket.username), ("access-key-id", ticket.key), ("status", "Active"))
    return "iam update-access-key", named


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=_given_back,
    by_hand=_by_hand,
)
