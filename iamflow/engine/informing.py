"""What a report means for a ticket that stands: the newest fact wins, field by field; an older one fills what is unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from iamflow.domain.facts import Facts, Kept, KeyFacts, marked
from iamflow.domain.ids import SubjectId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.merging import filled_fields, joined, kept_of
from iamflow.domain.policy import Policy
from iamflow.domain.rules import Verdict, dealt_with_by
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change

BY = "rules"
"""As whom the journal names what follows from reports."""


def informed(verdict: Verdict, standing: Mapping[SubjectId, Ticket], policy: Policy, now: datetime) -> Change | None:
    """Return the change that a newer report means for the ticket that stands, or None."""
    ticket = standing.get(verdict.finding.subject)
    if ticket is None:
        return None
    if dealt_with_by(verdict, policy) != ticket.workflow and ticket.access_key_id is None:
        return None
    if verdict.finding.facts.as_of <= ticket.facts.as_of:
        return _fill(ticket, verdict.finding.facts, now)
    facts = _learned(ticket, marked(verdict.finding.facts, holds=verdict.applies))
    ended_now = ticket.facts.holds and not verdict.applies
    kind = EventKind.FINDING_GONE if ended_now else EventKind.FACTS_UPDATED
    detail = {"source": facts.source, "as_of": facts.as_of.isoformat(), "holds": verdict.applies}
    event = NewEvent(kind=kind, actor=BY, at=now, detail=detail | _said(facts) | _kept(kept_of(facts)))
    due_at = now if ended_now and ticket.due_at is not None else ticket.due_at
    return Change(
        before=replace(ticket, lease=None), after=replace(ticket, facts=facts, due_at=due_at), events=(event,)
    )


def _fill(ticket: Ticket, older: Facts, now: datetime) -> Change | None:
    """Return the change that an older report means: it fills what nobody has told yet, and changes nothing else."""
    facts = joined(ticket.facts, older)
    told = filled_fields(ticket.facts, facts)
    if not told:
        return None
    detail = {"source": older.source, "as_of": older.as_of.isoformat(), "holds": ticket.facts.holds, **_kept(told)}
    event = NewEvent(kind=EventKind.FACTS_UPDATED, actor=BY, at=now, detail=detail)
    return Change(before=replace(ticket, lease=None), after=replace(ticket, facts=facts), events=(event,))


def _learned(ticket: Ticket, facts: Facts) -> Facts:
    """Return the new facts, with what only the ticket knows.

    Once AWS itself has said which key this is, no report moves the date that the guards compare.
    """
    if ticket.user_id is not None and isinstance(facts, KeyFacts):
        facts = replace(facts, created_at=ticket.key_facts.created_at)
    return joined(facts, ticket.facts)


def _kept(told: Sequence[Kept]) -> dict[str, object]:
    """Return, for the journal, what of the facts is another report's."""
    if not told:
        return {}
    return {"kept": [{"field": one.field, "source": one.source, "as_of": one.as_of.isoformat()} for one in told]}


def _said(facts: Facts) -> dict[str, object]:
    if not isinstance(facts, KeyFacts):
        return {}
    used = facts.last_use.at
    return {"status": facts.status.value, "last_used_at": used.isoformat() if used is not None else None}
