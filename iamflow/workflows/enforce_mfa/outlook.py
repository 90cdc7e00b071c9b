"""What people are told about the way of an ``enforce-mfa`` ticket."""

from datetime import datetime

from iamflow.domain.policy import Policy
from iamflow.domain.require_mfa import INLINE_NAME, How
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "tell the owner; the grace period runs from the moment a channel accepts the notice",
    State.NOTIFIED: "require MFA of the user by a policy when the grace period is over, unless a device is enrolled first",
    State.AWAITING_APPROVAL: "require MFA of the user by a policy once it is approved",
    State.ENFORCED: "take the policy away once the user has an MFA device; remind every week until then",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.EXEMPT: "open again when the exemption ends, with a new notice and a whole grace period",
    State.REMEDIATED: "nothing: the user has an MFA device",
    State.ROLLED_BACK: "nothing: the policy is gone again",
    State.RESOLVED: "nothing: it was dealt with, or no longer holds",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    if ticket.wanted is not None:
        return "take the policy away, as asked for"
    if ticket.state in PAUSED and ticket.is_denied:
        return (
            _NEXT[ticket.state]
            + "; the policy stays on the user, is taken away if a device shows, and can be rolled back"
        )
    return _NEXT[ticket.state]


def _planned(ticket: Ticket, policy: Policy) -> str:
    if ticket.is_denied:
        return "take the policy away once the user has an MFA device, or when that is asked for"
    how = "an inline policy" if policy.enforce_mfa.policy is How.INLINE else "the account's managed policy"
    return f"deny everything but enrolling an MFA device, by {how}, until the user has one"


def _expected_end(_ticket: Ticket, _policy: Policy, _now: datetime) -> datetime | None:
    """Nobody knows when: it depends on the user."""
    return None


def _by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    policy = ticket.progress.mfa_policy
    shape = policy.shape if policy is not None else None
    named = ("user-name", str(ticket.username))
    if shape is not None and shape.arn is not None:
        return "iam detach-user-policy", (named, ("policy-arn", shape.arn))
    return "iam delete-user-policy", (named, ("policy-name", INLINE_NAME))


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=lambda ticket: f"the policy that required MFA of user {ticket.username} is gone",
    by_hand=_by_hand,
)
