"""What becomes of a ticket whose next step the guards forbid."""

from dataclasses import replace
from datetime import timedelta

from iamflow.domain.decision import Case, Decision
from iamflow.domain.guards import Refusal, Remedy
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Timing
from iamflow.domain.schedule import next_poll
from iamflow.domain.states import State, Trigger
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation

_FIRST, _DOUBLED = 4, 20
"""How many times ``timing.retry.base`` a refused step waits at first, and how often that is doubled at the most."""
_UNDOING = 64
"""How many times ``timing.retry.base`` the undoing of a step waits at the most: somebody may be waiting for it."""


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for a person, or wait."""
    ticket = decision.ticket
    sentences = tuple(refusal.sentence for refusal in refusals)
    blocking = [refusal for refusal in refusals if refusal.remedy is Remedy.BLOCK]
    if blocking:
        blocked = common.block(ticket, situation, code=blocking[0].code, reason="; ".join(sentences))
        return replace(blocked, events=decision.events)
    if any(refusal.remedy is Remedy.APPROVE for refusal in refusals):
        return _needs_approval(case, decision, sentences, situation)
    later = [refusal.until for refusal in refusals if refusal.until is not None and refusal.until > situation.now]
    waits = ticket.progress.waits
    due_at = max(later) if later else situation.now + _pause(decision, waits, situation.policy.timing)
    if ticket.took_access:
        due_at = min(due_at, situation.now + situation.policy.timing.poll)
    paced_until = next((refusal.until for refusal in refusals if refusal.code == "over_cap"), None)
    progress = replace(ticket.progress, waiting_for=sentences, waits=waits + 1, paced_until=paced_until)
    waiting = replace(ticket, progress=progress)
    return Decision(
        ticket=waiting,
        due_at=due_at,
        events=decision.events,
        reason="; ".join(sentences),
    )


def _pause(decision: Decision, waits: int, timing: Timing) -> timedelta:
    """Return how long a refused step waits: the longer the more often it was refused in a row. Each look asks AWS anew."""
    undoes = decision.effect is not None and decision.effect.kind.undoes
    most = min(timing.retry_base * _UNDOING, timing.retry_most) if undoes else timing.retry_most
    slower: int = 2 ** min(waits, _DOUBLED)
    return min(timing.retry_base * _FIRST * slower, most)


def _needs_approval(case: Case, decision: Decision, sentences: tuple[str, ...], situation: Situation) -> Decision:
    ticket = decision.ticket
    policy = situation.policy
    due_at = situation.now + policy.timing.recheck
    if ticket.key_was_deactivated:
        due_at = next_poll(ticket, situation.now, policy.timing, policy.of(ticket.workflow).delivery_lag)
    waiting = replace(ticket, progress=replace(ticket.progress, waiting_for=sentences))
    if ticket.state is State.AWAITING_APPROVAL:
        return Decision(
            ticket=waiting,
            due_at=due_at,
            events=decision.events,
            reason="; ".join(sentences),
        )
    what = decision.effect.kind.step if decision.effect is not None else "next step"
    told = notices.tell(
        NoticeKind.APPROVAL_NEEDED,
        case.ticket,
        policy,
        situation.now,
        headline=f"the {what} needs an approval",
        reasons=sentences,
    )
    return Decision(
        ticket=waiting,
        trigger=Trigger.REQUIRE_APPROVAL,
        due_at=due_at,
        notices=told,
        events=decision.events,
        reason="; ".join(sentences),
    )
