"""Reading, for people (``QueryStore``). Every row is read before the transaction ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.engine import Connection

from iamflow.domain.decision import Case
from iamflow.domain.errors import NotFoundError
from iamflow.domain.ids import TicketId
from iamflow.domain.journal import Event
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import StoredFinding, StoredIntent, TicketFilter
from iamflow.store import documents, rows
from iamflow.store.cases import cases_of
from iamflow.store.chain import event_of
from iamflow.store.part import Part
from iamflow.store.scans import superseded
from iamflow.store.schema import ACCOUNTS, EVENTS, FINDINGS, INTENTS, SCANS, TICKETS

_HIGHEST = 2**63 - 1
"""The highest number that either database can hold."""


class QueryPart(Part):
    """All of ``QueryStore``."""

    def ticket(self, ref: str) -> Ticket:
        """Return a ticket by number or whole key id; see ``QueryStore.ticket``."""
        t = TICKETS.c
        if ref.isascii() and ref.isdigit():
            query = select(TICKETS).where(t.id == min(int(ref), _HIGHEST))
        else:
            query = (
                select(TICKETS).where(t.access_key_id == ref).order_by(t.closed_at.is_not(None), t.id.desc()).limit(1)
            )
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            message = f"there is no ticket {ref} (iamflow ticket list --all)"
            raise NotFoundError(message)
        return rows.ticket_of(row)

    def case(self, ticket_id: TicketId) -> Case:
        """Return a ticket with its context, without claiming it."""
        query = select(TICKETS).where(TICKETS.c.id == ticket_id)
        with self.database.reading() as connection:
            row = connection.execute(query).first()
            if row is None:
                message = f"there is no ticket {ticket_id} (iamflow ticket list --all)"
                raise NotFoundError(message)
            return cases_of(connection, [row], complete=True)[0]

    def tickets(self, which: TicketFilter, *, limit: int, after: TicketId | None = None) -> Sequence[Ticket]:
        """Return tickets by number; see ``QueryStore.tickets``. A state that is asked for by name is shown, ended or not."""
        query = _filtered(select(TICKETS), which).order_by(TICKETS.c.id).limit(limit)
        if after is not None:
            query = query.where(TICKETS.c.id > after)
        with self.database.reading() as connection:
            if which.account is not None:
                # Asked for first: by one or the other column of tickets, neither would be looked up in an index.
                query = query.where(TICKETS.c.account_id.in_(_account_ids(connection, which.account)))
            return [rows.ticket_of(row) for row in connection.execute(query)]

    def history(self, ticket_id: TicketId) -> Sequence[Event]:
        """Return a ticket's events in order."""
        query = select(EVENTS).where(EVENTS.c.ticket_id == ticket_id).order_by(EVENTS.c.seq)
        with self.database.reading() as connection:
            return [event_of(row) for row in connection.execute(query)]

    def intents(self, ticket_id: TicketId | None = None) -> Sequence[StoredIntent]:
        """Return intents in order, of one ticket or of all."""
        query = select(INTENTS).order_by(INTENTS.c.id)
        if ticket_id is not None:
            query = query.where(INTENTS.c.ticket_id == ticket_id)
        with self.database.reading() as connection:
            return [rows.stored_intent_of(row) for row in connection.execute(query)]

    def findings(self, *, rule: str | None = None, account: str | None = None) -> Sequence[StoredFinding]:
        """Return the current findings that hold; ``account`` is an id or a name."""
        f = FINDINGS.c
        query = _current().where(f.holds.is_(True))
        if rule is not None:
            query = query.where(f.rule == rule)
        if account is not None:
            query = query.where(or_(f.account_id == account, f.account_name == account))
        return self._stored(query)

    def findings_about(self, name: str) -> Sequence[StoredFinding]:
        """Return what the newest reports say of users of this name, or of this key; see ``QueryStore.findings_about``."""
        f = FINDINGS.c
        return self._stored(_current().where(or_(f.username == name, f.subject == f"key:{name}")))

    def _stored(self, query: Select[Any]) -> Sequence[StoredFinding]:
        with self.database.reading() as connection:
            found = connection.execute(query).all()
            standing = _open_by_subject(connection)
        return [
            StoredFinding(
                rule=row.rule,
                finding=documents.FINDING.read(row.finding, f"the finding about {row.subject}"),
                as_of=row.as_of,
                source=row.source,
                ticket_id=standing.get(row.subject),
            )
            for row in found
        ]

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many tickets there are by (workflow, state)."""
        t = TICKETS.c
        query = select(t.workflow, t.state, func.count().label("number")).group_by(t.workflow, t.state)
        with self.database.reading() as connection:
            return {(row.workflow, row.state): row.number for row in connection.execute(query)}


def _current() -> Select[Any]:
    """Return the query for what the newest published report says of each subject by each rule, whether it still holds or not."""
    f = FINDINGS.c
    return (
        select(f.rule, f.finding, f.subject, f.as_of, SCANS.c.source)
        .join(SCANS, SCANS.c.id == f.scan_id)
        .where(SCANS.c.published_at.is_not(None), ~superseded(FINDINGS))
        .order_by(f.account_id, f.username, f.subject, f.rule)
    )


def _account_ids(connection: Connection, account: str) -> list[str]:
    """Return the ids of the accounts with this id, or by this name now."""
    a = ACCOUNTS.c
    return list(connection.execute(select(a.id).where(or_(a.id == account, a.name == account))).scalars())


def _filtered(query: Select[Any], which: TicketFilter) -> Select[Any]:
    """Return the query with every filter but the account, which is looked up first."""
    t = TICKETS.c
    if which.states:
        query = query.where(t.state.in_(sorted(which.states)))
    elif not which.include_ended:
        query = query.where(t.closed_at.is_(None))
    if which.workflow is not None:
        query = query.where(t.workflow == which.workflow)
    if which.user is not None:
        query = query.where(t.username == which.user)
    if which.owner is not None:
        query = query.where(t.owner_address == which.owner)
    return query


def _open_by_subject(connection: Connection) -> dict[str, TicketId]:
    query = select(TICKETS.c.subject, TICKETS.c.id).where(TICKETS.c.closed_at.is_(None))
    return {row.subject: TicketId(row.id) for row in connection.execute(query)}
