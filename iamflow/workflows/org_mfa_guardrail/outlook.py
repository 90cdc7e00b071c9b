"""What people are told about the way of an ``org-mfa-guardrail`` ticket."""

from datetime import datetime

from iamflow.domain.guardrail import target_of
from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.org_mfa_guardrail import effects
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "look at whom and what the policy would deny in every member account, and ask people",
    State.AWAITING_APPROVAL: "make the policy and attach it once enough people have approved it",
    State.ATTACHED: "search CloudTrail for what the policy denies, once it has reached all of AWS",
    State.MONITORING: "search CloudTrail for what the policy denies; a person decides: reply --keep keeps it, rollback removes it",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.REMEDIATED: "nothing: the policy is kept",
    State.ROLLED_BACK: "nothing: the policy is gone again",
    State.RESOLVED: "nothing: the target is gone, or somebody else took the policy away",
    State.CANCELLED: "nothing: it was cancelled",
}


def _next_step(ticket: Ticket) -> str:
    if ticket.wanted is not None:
        return "detach the policy and delete it, as asked for"
    if ticket.state in PAUSED and ticket.key_was_deactivated:
        return _NEXT[ticket.state] + "; the policy stays attached, and can be rolled back"
    return _NEXT[ticket.state]


def _planned(ticket: Ticket, _policy: Policy) -> str:
    target = target_of(ticket.username)
    if ticket.key_was_deactivated:
        return f"keep the policy on {target}, or detach and delete it, as a person decides"
    return f"deny users and root users under {target} everything but enrolling an MFA device, until they use MFA"


def _expected_end(_ticket: Ticket, _policy: Policy, _now: datetime) -> datetime | None:
    """Nobody knows when: a person decides."""
    return None


def _policy_id(ticket: Ticket) -> tuple[str, str]:
    policy = effects.of(ticket).policy
    return "policy-id", policy.policy_id if policy is not None and policy.policy_id is not None else "POLICY_ID"


def _by_hand(ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "organizations detach-policy", (_policy_id(ticket), ("target-id", target_of(ticket.username)))


def _more_by_hand(ticket: Ticket) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    return (("organizations delete-policy", (_policy_id(ticket),)),)


OUTLOOK = Outlook(
    next_step=_next_step,
    planned=_planned,
    expected_end=_expected_end,
    given_back=lambda ticket: f"the guardrail on {target_of(ticket.username)} is gone",
    by_hand=_by_hand,
    more_by_hand=_more_by_hand,
)
