"""Decisions while the user is being deleted: whatever a reading shows to be left goes next, until only the user is."""

from dataclasses import replace

from iamflow.domain.decision import Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import PAUSED, Resolution, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.delete_user.effects import DELETING, following
from iamflow.workflows.delete_user.subject import recorded
from iamflow.workflows.shared import common, notices
from iamflow.workflows.shared.key_subject import hands_off
from iamflow.workflows.workflow import Situation


def decide(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose deletion has begun. A stop is all that can still be asked of it."""
    reading = common.required(sight.user)
    if ticket.wanted is Wanted.ROLLBACK:
        return _too_late(ticket, situation)
    forbidden = hands_off(ticket, reading, situation)
    if forbidden is not None:
        return common.block(ticket, situation, code=forbidden[0], reason=forbidden[1])
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=situation.now + situation.policy.timing.recheck)
    known, events = recorded(ticket, sight, situation)
    step = next(following(known, DELETING, reading))
    last = step.kind is EffectKind.DELETE_USER
    return Decision(
        ticket=known,
        effect=step,
        trigger=Trigger.DELETE if last else None,
        resolution=Resolution.DELETED if last else None,
        due_at=situation.now,
        events=events,
        reason=f"next: {step.kind.step}",
    )


def _too_late(ticket: Ticket, situation: Situation) -> Decision:
    """Stop for a person who asked for a rollback at the moment at which the deletion began."""
    by = ticket.wanted_by and ticket.wanted_by.by
    reason = (
        f"a rollback was asked for by {by} when the deletion had begun: what is gone cannot be given back; resume it "
        f"(iamflow ticket resume {ticket.id}), then: iamflow ticket restore {ticket.id}"
    )
    held = replace(ticket, wanted=None, blocked_reason=reason, progress=replace(ticket.progress, held_at=situation.now))
    due_at = situation.now + situation.policy.timing.recheck
    if ticket.state in PAUSED:
        return common.stay(held, due_at=due_at, reason=reason)
    told = notices.tell(NoticeKind.ATTENTION, held, situation.policy, situation.now, headline=reason)
    return Decision(ticket=held, trigger=Trigger.HOLD, due_at=due_at, notices=told, reason=reason)
