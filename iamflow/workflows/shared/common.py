"""What the decisions of every workflow share."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Decision
from iamflow.domain.evidence import Signal, Sweep
from iamflow.domain.facts import UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import PAUSED, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import notices
from iamflow.workflows.workflow import Situation

DAEMON = "daemon"
"""The actor of everything that iamflow does by itself."""

SELF_HEALING = frozenset({"access", "unreachable"})
"""Blocks that end by themselves as soon as AWS can be read again."""


def required(reading: UserReading | None) -> UserReading:
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
    if ticket.took_access or code in SELF_HEALING:
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


def remembered(ticket: Ticket, signals: tuple[Signal, ...]) -> Ticket:
    """Return the ticket with what was seen, each thing once."""
    new = unseen(ticket, signals)
    return replace(ticket, progress=replace(ticket.progress, signals=(*ticket.progress.signals, *new)))


def unseen(ticket: Ticket, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Return those of the signals that the ticket does not carry yet."""
    known = {_same(signal) for signal in ticket.progress.signals}
    return tuple(signal for signal in signals if _same(signal) not in known)


def _same(signal: Signal) -> tuple[str, str]:
    return (signal.kind.value, signal.event.event_id if signal.event is not None else signal.sentence)


def journal(signals: tuple[Signal, ...], now: datetime) -> tuple[NewEvent, ...]:
    """Return what goes into the journal about signals: what was seen, when, and from where."""
    return tuple(
        NewEvent(
            kind=EventKind.SIGNAL,
            actor=DAEMON,
            at=now,
            detail={
                "signal": signal.kind.value,
                "sentence": signal.sentence,
                "seen_at": signal.at.isoformat(),
                "event_id": signal.event.event_id if signal.event is not None else None,
                "source_ip": signal.event.source_ip if signal.event is not None else None,
                "user_agent": signal.event.user_agent if signal.event is not None else None,
                "region": signal.event.region if signal.event is not None else None,
            },
        )
        for signal in signals
    )


def sweep_detail(sweep: Sweep) -> dict[str, object]:
    """Return what goes into the journal about a search of CloudTrail: how far it went, and how much it found."""
    return {
        "start": sweep.start.isoformat(),
        "end": sweep.end.isoformat(),
        "regions": list(sweep.regions),
        "excused": [list(pair) for pair in sweep.excused],
        "unread": [list(pair) for pair in sweep.unread],
        "conclusive": sweep.conclusive,
        "events": len(sweep.events),
    }
