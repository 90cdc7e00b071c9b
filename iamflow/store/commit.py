"""Writes a batch of changes in one transaction (``TicketStore.commit``).

One SELECT fences the whole batch; then everything is written table by table, never ticket by ticket. Rows are locked in the
order of their numbers, so that two batches cannot wait for each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from iamflow.domain.effect import Intent
from iamflow.domain.ids import IntentId, TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.states import Wanted
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Applied, Change
from iamflow.store import documents, rows
from iamflow.store.chain import Head, Ledger
from iamflow.store.part import Part
from iamflow.store.schema import INTENTS, TICKETS
from iamflow.store.side_rows import write_side_rows

DAEMON = "daemon"
"""The actor of what the store records for a change that has no event of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stored:
    """What of a ticket's row a change is judged by."""

    version: int
    lease_token: str | None
    wanted: str | None
    wanted_by: str | None
    due_at: datetime | None
    open_intent: IntentId | None
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A change that still applied, with the ticket as it will be stored."""

    change: Change
    after: Ticket
    steps: int
    """How many intents the ticket had before."""

    @property
    def actor(self) -> str:
        """Who made the change: whoever its last event names."""
        return self.change.events[-1].actor if self.change.events else DAEMON


class CommitPart(Part):
    """``commit``."""

    def commit(self, changes: Sequence[Change]) -> Applied:
        """Write a batch in one transaction; see ``TicketStore.commit``."""
        if not changes:
            return Applied(tickets={})
        now = self.clock.now()
        ledger = Ledger(part=self, at=now)
        with self.database.writing() as connection:
            accepted, stale = _fenced(changes, _read(connection, changes, ledger), now)
            _settle(connection, accepted)
            intents = _open(connection, accepted, now)
            _record(ledger, accepted, intents, now, self.channels)
            _write_tickets(connection, accepted, ledger)
            write_side_rows(connection, accepted, now, self.channels)
            ledger.flush(connection)
        return Applied(tickets={item.after.id: item.after for item in accepted}, intents=intents, stale=stale)


def _read(connection: Connection, changes: Sequence[Change], ledger: Ledger) -> dict[TicketId, _Stored]:
    """Read and lock what the batch is judged by; the heads go to the ledger."""
    t = TICKETS.c
    columns = [t.id, t.version, t.lease_token, t.wanted, t.wanted_by, t.due_at, t.head_seq, t.head_hash]
    ids = sorted({change.before.id for change in changes})
    found = connection.execute(select(*columns).where(t.id.in_(ids)).order_by(t.id).with_for_update()).all()
    about_intents = [change.before.id for change in changes if change.opens is not None or change.settles is not None]
    counted = _intents_of(connection, about_intents) if about_intents else {}
    ledger.heads.update({TicketId(row.id): Head(seq=row.head_seq, hash=row.head_hash) for row in found})
    return {
        TicketId(row.id): _Stored(
            version=row.version,
            lease_token=row.lease_token,
            wanted=row.wanted,
            wanted_by=row.wanted_by,
            due_at=row.due_at,
            open_intent=counted.get(row.id, (None, 0))[0],
            steps=counted.get(row.id, (None, 0))[1],
        )
        for row in found
    }


def _intents_of(connection: Connection, ids: Sequence[TicketId]) -> dict[int, tuple[IntentId | None, int]]:
    """Return the open intent and the number of intents of each of these tickets that has any."""
    i = INTENTS.c
    open_id = func.max(i.id).filter(i.outcome.is_(None)).label("open_id")
    query = select(i.ticket_id, open_id, func.count().label("steps")).where(i.ticket_id.in_(ids)).group_by(i.ticket_id)
    return {
        row.ticket_id: (IntentId(row.open_id) if row.open_id is not None else None, row.steps)
        for row in connection.execute(query)
    }


def _fenced(
    changes: Sequence[Change], stored: dict[TicketId, _Stored], now: datetime
) -> tuple[list[Accepted], tuple[TicketId, ...]]:
    """Part what still applies from what comes too late. A second change of one ticket comes too late for the first."""
    accepted: list[Accepted] = []
    stale: list[TicketId] = []
    for change in changes:
        standing = stored.get(change.before.id)
        if standing is None or not _fits(change, standing):
            stale.append(change.before.id)
            continue
        del stored[change.before.id]
        accepted.append(Accepted(change=change, after=_merged(change, standing, now), steps=standing.steps))
    return accepted, tuple(stale)


def _fits(change: Change, stored: _Stored) -> bool:
    """Whether a change still applies to what is stored."""
    before = change.before
    if before.version != stored.version:
        return False
    if before.lease is not None and before.lease.token != stored.lease_token:
        return False
    if change.settles is not None:
        return change.settles[0] == stored.open_intent
    return change.opens is None or stored.open_intent is None


def _merged(change: Change, stored: _Stored, now: datetime) -> Ticket:
    """Return the ticket as it will be stored: ``after``, and what was written beside it since ``before`` was read.

    What moved up ``due_at`` meanwhile (a notice accepted, an account switched to enforce) leaves the version alone, and
    must not be lost with the later time that the change has in mind.
    """
    before, after = change.before, change.after
    due_at = after.due_at
    if due_at is not None and stored.due_at is not None and stored.due_at != before.due_at:
        due_at = min(due_at, stored.due_at)
    merged = replace(after, version=stored.version + 1, due_at=due_at)
    if stored.wanted is not None and before.wanted is None:
        wanted_by = documents.WORD.read_optional(stored.wanted_by, f"ticket {after.id}")
        merged = replace(merged, wanted=Wanted(stored.wanted), wanted_by=wanted_by, due_at=now)
    return merged


def _settle(connection: Connection, accepted: Sequence[Accepted]) -> None:
    settled = [
        {
            "b_id": item.change.settles[0],
            "outcome": item.change.settles[1].kind.value,
            "settled_at": item.change.settles[1].at,
            "request_id": item.change.settles[1].request_id,
            "detail": item.change.settles[1].detail,
        }
        for item in accepted
        if item.change.settles is not None
    ]
    if settled:
        connection.execute(update(INTENTS).where(INTENTS.c.id == bindparam("b_id")), settled)


def _open(connection: Connection, accepted: Sequence[Accepted], now: datetime) -> dict[TicketId, Intent]:
    """Write the intents that the batch opens. Their numbers come from the database, since events name them."""
    values: list[dict[str, object]] = []
    for item in accepted:
        effect = item.change.opens
        if effect is None:
            continue
        step = item.steps + 1
        values.append(
            {
                "ticket_id": item.after.id,
                "step": step,
                "effect": effect.kind.value,
                "account_id": effect.account_id,
                "username": effect.username,
                "access_key_id": effect.key_id,
                "targets": rows.text_of_targets(effect.targets),
                "document": effect.document,
                "idempotency_key": f"t{item.after.id}:{step}:{effect.kind.value}",
                "opened_at": now,
            }
        )
    if not values:
        return {}
    opened = connection.execute(insert(INTENTS).returning(INTENTS), values)
    return {TicketId(row.ticket_id): rows.intent_of(row) for row in opened}


def _record(
    ledger: Ledger,
    accepted: Sequence[Accepted],
    intents: Mapping[TicketId, Intent],
    now: datetime,
    channels: tuple[str, ...],
) -> None:
    """Chain the events of the batch: how an intent ended, what the change says, what it opens, whom it tells."""
    for item in accepted:
        ticket_id, actor = item.after.id, item.actor
        if item.change.settles is not None:
            ledger.add(ticket_id, _settled_event(item, now))
        for event in item.change.events:
            ledger.add(ticket_id, event)
        if ticket_id in intents:
            detail = intent_detail(intents[ticket_id])
            ledger.add(ticket_id, NewEvent(kind=EventKind.INTENT_OPENED, actor=actor, at=now, detail=detail))
        for notice in item.change.notices:
            detail = {
                "notice": notice.kind.value,
                "dedupe_key": notice.dedupe_key,
                "recipients": len(notice.recipients),
                "channels": list(channels),
            }
            ledger.add(ticket_id, NewEvent(kind=EventKind.NOTICE_QUEUED, actor=actor, at=now, detail=detail))


def intent_detail(intent: Intent) -> dict[str, object]:
    """Return what the journal says of an intent when it is opened; ``audit verify`` compares the row with it."""
    effect = intent.effect
    return {
        "intent": intent.id,
        "effect": effect.kind.value,
        "call": effect.call,
        **({"calls": list(effect.calls)} if len(effect.calls) > 1 else {}),
        "account_id": effect.account_id,
        "username": effect.username,
        "access_key_id": effect.key_id,
        "targets": rows.text_of_targets(effect.targets),
        "document": effect.document,
        "idempotency_key": intent.idempotency_key,
        "step": intent.step,
    }


def _settled_event(item: Accepted, now: datetime) -> NewEvent:
    if item.change.settles is None:
        message = "an intent that is not settled has no such event"
        raise AssertionError(message)
    intent_id, outcome = item.change.settles
    detail = {
        "intent": intent_id,
        "outcome": outcome.kind.value,
        "at": outcome.at.isoformat(),
        "request_id": outcome.request_id,
        "detail": outcome.detail,
    }
    return NewEvent(kind=EventKind.INTENT_SETTLED, actor=item.actor, at=now, detail=detail)


def _write_tickets(connection: Connection, accepted: Sequence[Accepted], ledger: Ledger) -> None:
    values = []
    for item in accepted:
        head = ledger.heads[item.after.id]
        values.append(
            rows.changed_values(item.after) | {"b_id": item.after.id, "head_seq": head.seq, "head_hash": head.hash}
        )
    if values:
        connection.execute(update(TICKETS).where(TICKETS.c.id == bindparam("b_id")), values)
    baselines = [
        {"b_id": item.after.id, "baseline": documents.BASELINE.write_optional(item.after.baseline)}
        for item in accepted
        if item.after.baseline != item.change.before.baseline
    ]
    if baselines:
        connection.execute(update(TICKETS).where(TICKETS.c.id == bindparam("b_id")), baselines)
    snapshots = [
        {"b_id": item.after.id, "snapshot": documents.BELONGINGS.write_optional(item.after.snapshot)}
        for item in accepted
        if item.after.snapshot != item.change.before.snapshot
    ]
    if snapshots:
        connection.execute(update(TICKETS).where(TICKETS.c.id == bindparam("b_id")), snapshots)
    migrations = [
        {"b_id": item.after.id, "migration": documents.MIGRATION.write_optional(item.after.migration)}
        for item in accepted
        if item.after.migration != item.change.before.migration
    ]
    if migrations:
        connection.execute(update(TICKETS).where(TICKETS.c.id == bindparam("b_id")), migrations)
