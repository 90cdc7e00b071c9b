"""Puts when users were last seen on the tickets that stand: a fact beside the others, which opens, ends and decides nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from iamflow.domain.facts import KeyFacts, UserFacts, created_of
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.ticket import Ticket
from iamflow.engine.informing import BY
from iamflow.engine.ports import Change, SeenUser, TicketFilter
from iamflow.engine.steer import Desk

_TICKETS = 100
"""How many open tickets there can be about one user: his own, and one of each key."""


def note_sightings(desk: Desk, seen: Sequence[SeenUser], *, dry_run: bool) -> int:
    """Write down who was seen, where that is news, and return on how many tickets."""
    now = desk.clock.now()
    changes = [
        change
        for one in seen
        for ticket in desk.store.tickets(TicketFilter(account=one.account_id, user=one.username), limit=_TICKETS)
        if (change := _noted(ticket, one, now)) is not None
    ]
    if changes and not dry_run:
        desk.store.commit(changes)
    return len(changes)


def _noted(ticket: Ticket, one: SeenUser, now: datetime) -> Change | None:
    facts, sighting = ticket.facts, one.sighting
    if not isinstance(facts, KeyFacts | UserFacts) or sighting.at > now:
        return None
    made = created_of(facts) if isinstance(facts, UserFacts) else None
    # Before the user was made, another bore the name.
    if (facts.seen is not None and facts.seen.at >= sighting.at) or (made is not None and sighting.at < made):
        return None
    after = replace(facts, seen=sighting)
    detail = {
        "source": sighting.source,
        "as_of": facts.as_of.isoformat(),
        "holds": facts.holds,
        "seen_at": sighting.at.isoformat(),
        "seen_event": sighting.event,
    }
    event = NewEvent(kind=EventKind.FACTS_UPDATED, actor=BY, at=now, detail=detail)
    return Change(before=replace(ticket, lease=None), after=replace(ticket, facts=after), events=(event,))
