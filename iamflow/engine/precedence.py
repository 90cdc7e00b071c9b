"""Which ticket gives way to which, where a report finds more about a user who has one already."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from iamflow.domain.decision import Decision
from iamflow.domain.ids import SubjectId, TicketId
from iamflow.domain.rules import RuleName, Verdict, dealt_with_by
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.engine.changes import settled_change
from iamflow.engine.ports import Change
from iamflow.engine.steer import Desk
from iamflow.workflows import registry


def without_lesser(
    desk: Desk, applying: Sequence[Verdict], standing: Mapping[SubjectId, Ticket], *, dry_run: bool
) -> Mapping[SubjectId, Ticket]:
    """Return the standing tickets without those that give way to ``delete-user``, and end these.

    What has been taken already, or is being taken at this moment, is brought to its end first.
    """
    store, now = desk.store, desk.clock.now()
    ends: list[Change] = []
    lesser: dict[TicketId, SubjectId] = {}
    for verdict in applying:
        ticket, greater = standing.get(verdict.finding.subject), dealt_with_by(verdict, desk.policy)
        if ticket is None or verdict.rule is not RuleName.USER_UNUSED or greater in {None, ticket.workflow}:
            continue
        workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
        may_end = workflow is not None and workflow.table.allows(ticket, Trigger.CANCEL) and not ticket.took_access
        if workflow is None or not may_end or store.case(ticket.id).intent is not None:
            continue
        lesser[ticket.id] = verdict.finding.subject
        reason = f"nobody uses the user any more: {greater} comes before {ticket.workflow}"
        free = replace(ticket, lease=None)
        ended = Decision(
            ticket=free, trigger=Trigger.CANCEL, resolution=Resolution.SUPERSEDED, due_at=None, reason=reason
        )
        ends.append(settled_change(workflow, free, ended, now, actor="rules"))
    if not ends:
        return standing
    stale = store.commit(ends).stale if not dry_run else ()
    gone = {subject for ticket_id, subject in lesser.items() if ticket_id not in stale}
    return {subject: ticket for subject, ticket in standing.items() if subject not in gone}
