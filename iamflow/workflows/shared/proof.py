"""Decisions after an end with an effect: find the CloudTrail event that proves it, or say that it is missing."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.evidence import TrailEvent, of_session
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Confirmation
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation


def decide(proves: Callable[[TrailEvent, Ticket], bool], case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about an ended ticket: only its confirmation is still open; ``proves`` knows the event that is its proof.

    Of several such events iamflow's own call is known by its request id, where AWS's answer was received, or by the session
    that was opened for the ticket. An event that bears no request id is taken for it, as any is after a lost answer.
    """
    ticket, now = case.ticket, situation.now
    if ticket.confirmation is not Confirmation.PENDING or sight.proof is None:
        return common.stay(ticket, due_at=None, reason="ended")
    found = (event for event in sight.proof.events if proves(event, ticket))
    proof = next((event for event in found if _ours(event, ticket, situation)), None)
    if proof is not None:
        confirmed = replace(
            ticket,
            confirmation=Confirmation.CONFIRMED,
            progress=replace(ticket.progress, proof_event_id=proof.event_id),
        )
        shown = {
            "confirmation": Confirmation.CONFIRMED.value,
            "event_id": proof.event_id,
            "event": proof.name,
            "event_time": proof.at.isoformat(),
            "request_id": proof.request_id,
        }
        return Decision(
            ticket=confirmed,
            due_at=None,
            events=(_event(shown, situation),),
            reason="confirmed",
        )
    until = ticket.progress.confirm_by
    if until is not None and now < until:
        again = now + max(situation.policy.proof_after(ticket.workflow), situation.policy.timing.retry_base)
        return common.stay(
            ticket,
            due_at=min(again, until),
            reason="CloudTrail has not delivered the event yet",
        )
    missing = replace(ticket, confirmation=Confirmation.MISSING)
    headline = f"CloudTrail shows no event that proves that this ticket ended as {ticket.state.value}"
    told = notices.tell(NoticeKind.ATTENTION, missing, situation.policy, now, headline=headline)
    detail = {"confirmation": Confirmation.MISSING.value}
    return Decision(
        ticket=missing,
        due_at=None,
        notices=told,
        events=(_event(detail, situation),),
        reason=headline,
    )


def _ours(event: TrailEvent, ticket: Ticket, situation: Situation) -> bool:
    wanted = ticket.progress.end_request
    known = wanted is None or event.request_id is None or event.request_id == wanted
    return known or of_session(event, ticket.id, situation.policy.own_role)


def _event(detail: Mapping[str, object], situation: Situation) -> NewEvent:
    return NewEvent(
        kind=EventKind.CONFIRMATION,
        actor=common.DAEMON,
        at=situation.now,
        detail=detail,
    )
