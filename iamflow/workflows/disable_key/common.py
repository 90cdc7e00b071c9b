"""What the decisions of ``disable-key`` share."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Decision
from iamflow.domain.facts import KeyReading
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import PAUSED, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import notices
from iamflow.workflows.workflow import Situation

DAEMON = "daemon"
"""The actor of everything that iamflow does by itself."""

SELF_HEALING = frozenset({"access", "unreachable"})
"""Blocks that end by themselves as soon as AWS can be read again."""


def required(reading: KeyReading | None) -> KeyReading:
    """Return the reading that the look before this decision must have made."""
    if reading is None:
        message = "decided without a reading of the key"
        raise AssertionError(message)
    return reading


def stay(ticket: Ticket, *, due_at: datetime | None, reason: str) -> Decision:
    """Change nothing but when to look next."""
    return Decision(ticket=ticket, due_at=due_at, reason=reason)


def block(ticket: Ticket, situation: Situation, code: str, reason: str) -> Decision:
    """Set the ticket aside for a person, who is told why. A ticket that is paused already stays so."""
    due_at = situation.now + situation.policy.timing.recheck
    if ticket.state in PAUSED:
        return stay(ticket, due_at=due_at, reason=reason)
    if ticket.key_was_deactivated or code in SELF_HEALING:
        due_at = situation.now + min(situation.policy.timing.poll, situation.policy.timing.retry_most)
    blocked = replace(ticket, blocked_code=code, blocked_reason=reason)
    acts = situation.policy.acts_in(ticket.account_id)
    # Trouble that ends by itself may come back by the hour: one word of it a day is enough.
    once = f"{code}:{situation.now:%Y-%m-%d}" if code in SELF_HEALING else None
    told = (
        notices.tell(
            NoticeKind.ATTENTION,
            blocked,
            situation.policy,
            situation.now,
            headline=reason,
            once=once,
        )
        if acts
        else ()
    )
    return Decision(
        ticket=blocked,
        trigger=Trigger.BLOCK,
        due_at=due_at,
        reason=reason,
        notices=told,
    )


def paused(ticket: Ticket, situation: Situation, *, due_at: datetime) -> Decision:
    """Stay paused, unless the ticket was blocked by something that has passed."""
    if ticket.state is State.BLOCKED and ticket.blocked_code in SELF_HEALING:
        healed = replace(ticket, blocked_code=None, blocked_reason=None)
        return Decision(
            ticket=healed,
            trigger=Trigger.RETRY,
            due_at=situation.now,
            reason="AWS can be read again",
        )
    return stay(ticket, due_at=due_at, reason=ticket.blocked_reason or "on hold")
