"""The tickets that findings open (``IntakeStore``)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.engine import Connection

from iamflow.domain.facts import created_of
from iamflow.domain.ids import SubjectId, TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.store import rows
from iamflow.store.bulk import write_rows
from iamflow.store.chain import Ledger, ticket_genesis
from iamflow.store.part import Part, among, take_turns
from iamflow.store.part import insert as insert_or
from iamflow.store.schema import ACCOUNTS, TICKETS
from iamflow.store.types import clean, utc_text

_REFUSED = (Resolution.ROLLED_BACK.value, Resolution.REJECTED.value, Resolution.CANCELLED.value)


class IntakePart(Part):
    """What of ``IntakeStore`` is about tickets, but for ``commit``."""

    def open_tickets(self, subjects: Sequence[SubjectId]) -> Mapping[SubjectId, Ticket]:
        """Return the open tickets about these subjects."""
        t = TICKETS.c
        with self.database.reading() as connection:
            query = select(TICKETS).where(among(connection, t.subject, subjects), t.closed_at.is_(None))
            found = [rows.ticket_of(row) for row in connection.execute(query)]
        return {ticket.subject: ticket for ticket in found}

    def recently_closed(self, subjects: Sequence[SubjectId], since: datetime) -> Mapping[SubjectId, Ticket]:
        """Return tickets closed since then because somebody did not want them; see ``IntakeStore.recently_closed``."""
        t = TICKETS.c
        refused = and_(t.closed_at >= since, t.resolution.in_(_REFUSED))
        with self.database.reading() as connection:
            query = select(TICKETS).where(among(connection, t.subject, subjects), refused)
            found = [rows.ticket_of(row) for row in connection.execute(query.order_by(t.closed_at, t.id))]
        return {ticket.subject: ticket for ticket in found}

    def ever_rolled_back(self, subjects: Sequence[SubjectId]) -> frozenset[SubjectId]:
        """Return which of these subjects were rolled back by iamflow at any time."""
        t = TICKETS.c
        with self.database.reading() as connection:
            asked = and_(among(connection, t.subject, subjects), t.state == State.ROLLED_BACK.value)
            return frozenset(SubjectId(one) for one in connection.execute(select(t.subject).where(asked)).scalars())

    def open_new(self, tickets: Sequence[NewTicket], actor: str) -> Sequence[Ticket]:
        """Open tickets, each with its first event; see ``IntakeStore.open_new``."""
        if not tickets:
            return []
        ledger = Ledger(part=self, at=self.clock.now())
        with self.database.writing() as connection:
            # Two imports may run at once: whether a key has an open ticket is known to whoever's turn it is.
            take_turns(connection, "opening")
            _note_accounts(connection, tickets)
            standing = _with_open_ticket(connection, [clean(new.subject) for new in tickets])
            new = [item for item in _first_of_each(tickets) if clean(item.subject) not in standing]
            opened = list(zip(_numbers(connection, len(new)), new, strict=True))
            for ticket_id, item in opened:
                ledger.heads[ticket_id] = ticket_genesis(self.key, ticket_id)
                ledger.add(ticket_id, _opened_event(item, actor))
            values = [rows.new_row(ticket_id, item, ledger.heads[ticket_id]) for ticket_id, item in opened]
            write_rows(connection, TICKETS, rows.NEW_COLUMNS, values)
            ledger.flush(connection)
        return [_as_opened(item, ticket_id) for ticket_id, item in opened]


def _with_open_ticket(connection: Connection, subjects: Sequence[str]) -> frozenset[str]:
    t = TICKETS.c
    query = select(t.subject).where(among(connection, t.subject, subjects), t.closed_at.is_(None))
    return frozenset(connection.execute(query).scalars())


def _numbers(connection: Connection, count: int) -> Sequence[TicketId]:
    """Return numbers for new tickets, known beforehand since each ticket's chain begins with its number."""
    if connection.dialect.name == "postgresql":
        drawn = "SELECT nextval(pg_get_serial_sequence('tickets', 'id')) FROM generate_series(1, %s)"
        return [TicketId(number) for number in connection.exec_driver_sql(drawn, (count,)).scalars()]
    last: int = connection.execute(select(func.coalesce(func.max(TICKETS.c.id), 0))).scalar_one()
    return [TicketId(number) for number in range(last + 1, last + count + 1)]


def _first_of_each(tickets: Iterable[NewTicket]) -> list[NewTicket]:
    seen: dict[str, NewTicket] = {}
    for new in tickets:
        seen.setdefault(new.subject, new)
    return list(seen.values())


def _note_accounts(connection: Connection, tickets: Sequence[NewTicket]) -> None:
    """Write the names of accounts, where they are new: one that is written is locked until the end."""
    a = ACCOUNTS.c
    names = {new.account_id: clean(new.account_name) for new in tickets}
    query = select(a.id, a.name).where(among(connection, a.id, list(names)))
    known = {row.id: row.name for row in connection.execute(query)}
    changed = [{"id": account, "name": name} for account, name in sorted(names.items()) if known.get(account) != name]
    if changed:
        noted = insert_or(connection, ACCOUNTS)
        connection.execute(
            noted.on_conflict_do_update(index_elements=[a.id], set_={"name": noted.excluded.name}), changed
        )


def _opened_event(new: NewTicket, actor: str) -> NewEvent:
    detail = {
        "workflow": new.workflow,
        "workflow_version": new.workflow_version,
        "account_id": new.account_id,
        "username": new.username,
        "access_key_id": new.access_key_id,
        "source": new.facts.source,
        "as_of": utc_text(new.facts.as_of),
        "created_at": _created(new),
    }
    return NewEvent(kind=EventKind.OPENED, actor=actor, at=new.opened_at, to_state=State.OPEN, detail=detail)


def _created(new: NewTicket) -> str | None:
    created_at = created_of(new.facts)
    return utc_text(created_at) if created_at is not None else None


def _as_opened(new: NewTicket, ticket_id: TicketId) -> Ticket:
    return Ticket(
        id=ticket_id,
        workflow=new.workflow,
        workflow_version=new.workflow_version,
        account_id=new.account_id,
        account_name=new.account_name,
        username=new.username,
        access_key_id=new.access_key_id,
        requester=new.requester,
        state=State.OPEN,
        state_since=new.opened_at,
        due_at=new.due_at,
        facts=new.facts,
        progress=new.progress,
        opened_at=new.opened_at,
        parent_id=new.parent_id,
    )
