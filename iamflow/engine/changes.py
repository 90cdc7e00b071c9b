"""Turns a decision into the change that is written: the machine says which state, the journal is told why."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Decision
from iamflow.domain.effect import Outcome
from iamflow.domain.ids import IntentId, TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.states import ENDS, PAUSED, Resolution, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change
from iamflow.workflows import registry
from iamflow.workflows.workflow import Workflow

DAEMON = "daemon"


def settled_change(
    workflow: Workflow,
    before: Ticket,
    decision: Decision,
    now: datetime,
    *,
    actor: str = DAEMON,
    settles: tuple[IntentId, Outcome] | None = None,
) -> Change:
    """Return the change of a decision that needs no further effect; the lease is given up."""
    after, events = moved(workflow, before, decision, now, actor=actor)
    effect_ended = settles is not None and decision.trigger in {
        Trigger.DEACTIVATE,
        Trigger.ENFORCE,
        Trigger.DELETE,
        Trigger.ISSUE,
        Trigger.FREE,
        Trigger.QUARANTINE,
        Trigger.START_DELETION,
    }
    return Change(
        before=before,
        after=_put_down(before, after),
        events=(*decision.events, *events),
        settles=settles,
        notices=decision.notices,
        uses_approvals=effect_ended,
    )


def superseding(decision: Decision, by: TicketId, now: datetime) -> tuple[Change, ...]:
    """Return the changes that end the tickets which a decision supersedes; one whose table forbids it is left to a later look."""
    changes: list[Change] = []
    for other in decision.supersedes:
        workflow = registry.of_version(other.workflow, other.workflow_version)
        if workflow is None or not workflow.table.allows(other, Trigger.CANCEL):
            continue
        ended = Decision(
            ticket=replace(other, parent_id=by),
            trigger=Trigger.CANCEL,
            resolution=Resolution.SUPERSEDED,
            due_at=None,
            reason=f"ticket {by} takes the whole user away",
        )
        changes.append(settled_change(workflow, other, ended, now))
    return tuple(changes)


def opening_change(before: Ticket, decision: Decision) -> Change:
    """Return the change that commits the intent of a decision's effect. State and lease stay as they are."""
    after = replace(decision.ticket, lease=before.lease, due_at=before.due_at)
    return Change(before=before, after=after, events=decision.events, opens=decision.effect)


def moved(
    workflow: Workflow,
    before: Ticket,
    decision: Decision,
    now: datetime,
    *,
    actor: str = DAEMON,
) -> tuple[Ticket, tuple[NewEvent, ...]]:
    """Return the ticket after the decision's trigger, with the event of the transition. Raises ``RefusedError``."""
    if decision.trigger is None:
        return replace(decision.ticket, due_at=decision.due_at), ()
    state = workflow.table.next_state(before, decision.trigger)
    after = replace(decision.ticket, due_at=decision.due_at, state=state, state_since=now)
    after = _entered(before, after, now)
    if state in ENDS:
        after = replace(after, closed_at=now, resolution=decision.resolution, wanted=None)
    detail = {"trigger": decision.trigger.value, "reason": decision.reason}
    if decision.resolution is not None:
        detail["resolution"] = decision.resolution.value
    event = NewEvent(
        kind=EventKind.TRANSITION,
        actor=actor,
        at=now,
        from_state=before.state,
        to_state=state,
        detail=detail,
    )
    return after, (event,)


def _put_down(before: Ticket, after: Ticket) -> Ticket:
    """Give the lease up, and forget the failed tries and the reasons for waiting that this step did not renew."""
    attempts = after.attempts if after.attempts > before.attempts else 0
    progress, waited = after.progress, before.progress.waiting_for
    if waited and progress.waiting_for is waited:
        progress = replace(progress, waiting_for=(), waits=0, paced_until=None)
    return replace(after, attempts=attempts, progress=progress, lease=None)


def _entered(before: Ticket, after: Ticket, now: datetime) -> Ticket:
    """Remember where a paused ticket came from; forget why once it goes on."""
    if after.state in PAUSED:
        held_at = after.progress.held_at or now
        return replace(
            after,
            came_from=before.state,
            progress=replace(after.progress, held_at=held_at),
        )
    if before.state in PAUSED and after.state not in PAUSED:
        progress = replace(after.progress, held_at=None)
        return replace(
            after,
            came_from=None,
            blocked_code=None,
            blocked_reason=None,
            progress=progress,
        )
    return after


def was_paused_in(ticket: Ticket) -> State:
    """Return the state that counts for a paused ticket: the one it goes back to."""
    return ticket.came_from if ticket.state in PAUSED and ticket.came_from is not None else ticket.state
