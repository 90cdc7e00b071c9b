"""Removes what need not be kept any longer (``RetentionStore``), and writes what was removed into the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.engine import Connection

from iamflow.domain.ids import TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.retention import Removable, Removal, Removed
from iamflow.domain.states import Confirmation
from iamflow.store import documents
from iamflow.store.chain import Head, Ledger, ticket_genesis
from iamflow.store.part import Part
from iamflow.store.removed import evidence_hash, intents_hash
from iamflow.store.rows import AnyRow
from iamflow.store.schema import EVENTS, INTENTS, OUTBOX, TICKETS
from iamflow.store.types import utc_text
from iamflow.store.verify_reading import as_it_stands

_MARK = {Removable.EVIDENCE: TICKETS.c.evidence_removed_at, Removable.EVENTS: TICKETS.c.events_removed_at}

Detail = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ticket:
    """A ticket of which something is removed."""

    id: TicketId
    head: Head
    values: dict[str, object]
    """The columns that change besides the head."""
    said: dict[str, object]
    """What the record says of it, under the name of what is removed."""


class RetentionPart(Part):
    """All of ``RetentionStore``."""

    def removable(self, removal: Removal) -> Removed:
        """Return how much there is to remove now."""
        query = select(func.count(), func.coalesce(func.sum(TICKETS.c.head_seq), 0)).where(_is_due(removal))
        with self.database.reading() as connection:
            tickets, events = connection.execute(query).one()
        return Removed(tickets=tickets, events=events if removal.what is Removable.EVENTS else 0)

    def remove(self, removal: Removal, *, limit: int) -> Removed:
        """Remove it from up to ``limit`` tickets; see ``RetentionStore.remove``."""
        t = TICKETS.c
        query = select(TICKETS).where(_is_due(removal)).order_by(t.closed_at, t.id).limit(limit)
        ledger = Ledger(part=self, at=removal.at)
        with self.database.writing() as connection:
            found = connection.execute(query.with_for_update(skip_locked=True)).all()
            if not found:
                return Removed()
            earlier = _earlier(connection, [row.id for row in found])
            take = _evidence if removal.what is Removable.EVIDENCE else _history
            tickets = take(self.key, connection, found, removal)
            for ticket in tickets:
                ledger.heads[ticket.id] = ticket.head
                ledger.add(ticket.id, _record(ticket, removal, earlier.get(ticket.id, {})))
            _write(connection, tickets, ledger, removal)
            ledger.flush(connection)
        events = sum(ticket.head.seq for ticket in tickets) if removal.what is Removable.EVENTS else 0
        return Removed(tickets=len(tickets), events=events)


def _is_due(removal: Removal) -> ColumnElement[bool]:
    """Return which tickets are affected: ended long enough ago, with nothing left to do about them, and something to remove."""
    t = TICKETS.c
    letters = select(OUTBOX.c.id).where(OUTBOX.c.ticket_id == t.id)
    waiting = letters.where(OUTBOX.c.available_at.is_not(None)).exists()
    open_intent = select(INTENTS.c.id).where(INTENTS.c.ticket_id == t.id, INTENTS.c.outcome.is_(None)).exists()
    done_with = and_(
        t.due_at.is_(None),
        t.wanted.is_(None),
        or_(t.confirmation.is_(None), t.confirmation != Confirmation.PENDING.value),
        or_(t.lease_until.is_(None), t.lease_until <= removal.at),
        ~waiting,
        ~open_intent,
    )
    # Signals and sweeps come after a baseline, always: without one and without letters there is no evidence.
    evidence = or_(t.baseline.is_not(None), t.snapshot.is_not(None), letters.exists())
    something = evidence if removal.what is Removable.EVIDENCE else t.head_seq > 0
    ended = and_(t.closed_at.is_not(None), _MARK[removal.what].is_(None), t.closed_at <= removal.closed_by)
    return and_(ended, something, done_with)


def _earlier(connection: Connection, ids: Sequence[int]) -> dict[int, Detail]:
    """Return what the newest record of each ticket says was removed before, of those that have one."""
    e = EVENTS.c
    query = select(e.ticket_id, e.seq, e.detail).where(e.ticket_id.in_(ids), e.kind == EventKind.RETENTION.value)
    return {
        row.ticket_id: documents.EVENT.read(row.detail, f"event {row.seq} of ticket {row.ticket_id}")
        for row in connection.execute(query.order_by(e.ticket_id, e.seq))
    }


def _evidence(key: bytes, connection: Connection, found: Sequence[AnyRow], removal: Removal) -> list[_Ticket]:
    """Take what CloudTrail told off these tickets and out of their letters."""
    letters = _letters(key, connection, [row.id for row in found])
    return [
        _Ticket(
            id=TicketId(row.id),
            head=Head(seq=row.head_seq, hash=row.head_hash),
            values={
                "baseline": None,
                "snapshot": None,
                "progress": _without_evidence(row),
                "migration": _without_discovery(row),
            },
            said={
                "removed_at": utc_text(removal.at),
                "baseline": evidence_hash(key, row.baseline) if row.baseline is not None else None,
                "snapshot": evidence_hash(key, row.snapshot) if row.snapshot is not None else None,
                "progress": evidence_hash(key, row.progress),
                "migration": evidence_hash(key, row.migration) if row.migration is not None else None,
                "letters": letters.get(row.id, []),
            },
        )
        for row in found
    ]


def _without_evidence(row: AnyRow) -> str:
    progress = documents.PROGRESS.read(row.progress, f"ticket {row.id}")
    return documents.PROGRESS.write(replace(progress, final_sweep=None, signals=()))


def _without_discovery(row: AnyRow) -> str | None:
    migration = documents.MIGRATION.read_optional(row.migration, f"ticket {row.id}")
    return documents.MIGRATION.write_optional(migration and replace(migration, discovery=None))


def _letters(key: bytes, connection: Connection, ids: Sequence[int]) -> dict[int, list[list[object]]]:
    """Empty the letters of these tickets; return the number of each with what is kept of it. They stay known as sent."""
    o = OUTBOX.c
    hashes: dict[int, list[list[object]]] = {}
    emptied: list[dict[str, object]] = []
    for row in connection.execute(select(o.id, o.ticket_id, o.notice).where(o.ticket_id.in_(ids)).order_by(o.id)):
        notice = documents.NOTICE.read(row.notice, f"letter {row.id} of ticket {row.ticket_id}")
        hashes.setdefault(row.ticket_id, []).append([row.id, evidence_hash(key, row.notice)])
        emptied.append({"b_id": row.id, "notice": documents.NOTICE.write(replace(notice, recipients=(), context={}))})
    if emptied:
        connection.execute(update(OUTBOX).where(o.id == bindparam("b_id")), emptied)
    return hashes


def _history(key: bytes, connection: Connection, found: Sequence[AnyRow], removal: Removal) -> list[_Ticket]:
    """Take the events of these tickets out of the journal. The rows of their intents stay, and the record answers for them."""
    i = INTENTS.c
    intents: dict[int, list[AnyRow]] = {}
    query = select(*as_it_stands(connection, INTENTS)).where(i.ticket_id.in_([row.id for row in found])).order_by(i.id)
    for row in connection.execute(query):
        intents.setdefault(row.ticket_id, []).append(row)
    gone = [{"b_ticket": row.id, "b_seq": row.head_seq} for row in found]
    stretch = (EVENTS.c.ticket_id == bindparam("b_ticket"), EVENTS.c.seq <= bindparam("b_seq"))
    connection.execute(delete(EVENTS).where(*stretch), gone)
    return [
        _Ticket(
            id=TicketId(row.id),
            head=Head(seq=row.head_seq, hash=row.head_hash),
            values={},
            said={
                "removed_at": utc_text(removal.at),
                "from_seq": 1,
                "to_seq": row.head_seq,
                "count": row.head_seq,
                "head_before": ticket_genesis(key, TicketId(row.id)).hash,
                "head_after": row.head_hash,
                "intents": [intent.id for intent in intents.get(row.id, [])],
                "intents_hash": intents_hash(key, intents.get(row.id, [])),
            },
        )
        for row in found
    ]


def _record(ticket: _Ticket, removal: Removal, earlier: Detail) -> NewEvent:
    """Return the event that says what has been removed of a ticket, now and before."""
    detail = {
        "sentence": removal.sentence,
        "setting": f"retention.{removal.what.value}",
        "kept_for": removal.kept_for.total_seconds(),
        **{what.value: earlier.get(what.value) for what in Removable},
        removal.what.value: ticket.said,
    }
    return NewEvent(kind=EventKind.RETENTION, actor=removal.by, at=removal.at, detail=detail)


def _write(connection: Connection, tickets: Sequence[_Ticket], ledger: Ledger, removal: Removal) -> None:
    """Write the rows of the tickets. Their version goes up: whoever read one before must not put back what is gone."""
    t = TICKETS.c
    values: list[dict[str, Any]] = []
    for ticket in tickets:
        head = ledger.heads[ticket.id]
        marked = {_MARK[removal.what].name: removal.at, "head_seq": head.seq, "head_hash": head.hash}
        values.append({"b_id": ticket.id, **ticket.values, **marked})
    connection.execute(update(TICKETS).where(t.id == bindparam("b_id")).values(version=t.version + 1), values)
