"""What people are told about the way of a ``root-hygiene`` ticket."""

from datetime import datetime

from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.workflow import Outlook

_NEXT: dict[State, str] = {
    State.OPEN: "tell the account's contact",
    State.NOTIFIED: "look at the account every day, remind, and tell the security team if nobody acts; only a person can act",
    State.ON_HOLD: "nothing until a person resumes it, but for an end that is seen",
    State.BLOCKED: "nothing until what blocks it is dealt with, but for an end that is seen",
    State.EXEMPT: "open again when the exemption ends, with a new notice",
    State.REMEDIATED: "nothing: the root user has MFA and no access keys",
    State.CANCELLED: "nothing: it was cancelled",
}


def _planned(_ticket: Ticket, _policy: Policy) -> str:
    return "nothing is changed in AWS: only a person who can sign in as the root user can put it right"


def _expected_end(_ticket: Ticket, _policy: Policy, _now: datetime) -> datetime | None:
    """Nobody knows when: it depends on people."""
    return None


def _by_hand(_ticket: Ticket) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Show how it stands: there is nothing to give back."""
    return "iam get-account-summary", ()


OUTLOOK = Outlook(
    next_step=lambda ticket: _NEXT[ticket.state],
    planned=_planned,
    expected_end=_expected_end,
    given_back=lambda ticket: f"nothing was taken in account {ticket.account_id}",
    by_hand=_by_hand,
)
