"""Findings and the tickets that they open (``IntakeStore``)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.engine import Connection

from iamflow.domain.facts import Finding
from iamflow.domain.ids import KeyId, TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine.ports import ScanInfo
from iamflow.store import documents, rows
from iamflow.store.chain import Ledger, ticket_genesis
from iamflow.store.part import Part
from iamflow.store.part import insert as insert_or
from iamflow.store.schema import ACCOUNTS, FINDINGS, SCANS, TICKETS
from iamflow.store.types import utc_text

_REFUSED = (Resolution.ROLLED_BACK.value, Resolution.REJECTED.value, Resolution.CANCELLED.value)


class IntakePart(Part):
    """Everything of ``IntakeStore`` but ``commit``."""

    def begin_scan(self, info: ScanInfo) -> int:
        """Open a staged scan and return its number."""
        values = {"source": info.source, "as_of": info.as_of, "sha256": info.sha256, "started_at": info.started_at}
        with self.database.writing() as connection:
            scan_id: int = connection.execute(insert(SCANS).values(values).returning(SCANS.c.id)).scalar_one()
            return scan_id

    def stage_findings(self, scan_id: int, findings: Sequence[tuple[str, Finding]]) -> None:
        """Add a chunk to a staged scan. Of a key that is in it twice under one rule, the first row counts."""
        if not findings:
            return
        values = [_finding_values(scan_id, rule, finding) for rule, finding in findings]
        with self.database.writing() as connection:
            connection.execute(insert_or(connection, FINDINGS).on_conflict_do_nothing(), values)

    def publish_scan(self, scan_id: int, at: datetime) -> None:
        """Make the scan's findings the current ones of their subjects; see ``IntakeStore.publish_scan``.

        A finding that no longer holds (``facts.holds``) takes the place of an older one, and is then not shown.
        """
        new, old = FINDINGS.alias("new"), FINDINGS.alias("old")
        f = FINDINGS.c
        outdated = exists().where(
            new.c.scan_id == scan_id,
            new.c.rule == f.rule,
            new.c.access_key_id == f.access_key_id,
            new.c.as_of > f.as_of,
        )
        unchallenged = ~exists().where(
            old.c.is_current.is_(True), old.c.rule == f.rule, old.c.access_key_id == f.access_key_id
        )
        with self.database.writing() as connection:
            retire = update(FINDINGS).where(f.is_current.is_(True), outdated).values(is_current=False)
            connection.execute(retire)
            connection.execute(update(FINDINGS).where(f.scan_id == scan_id, unchallenged).values(is_current=True))
            connection.execute(update(SCANS).where(SCANS.c.id == scan_id).values(published_at=at))

    def open_tickets(self, keys: Sequence[KeyId]) -> Mapping[KeyId, Ticket]:
        """Return the open tickets about these keys."""
        query = select(TICKETS).where(TICKETS.c.access_key_id.in_(keys), TICKETS.c.closed_at.is_(None))
        with self.database.reading() as connection:
            found = [rows.ticket_of(row) for row in connection.execute(query)]
        return {ticket.access_key_id: ticket for ticket in found}

    def recently_closed(self, keys: Sequence[KeyId], since: datetime) -> Mapping[KeyId, Ticket]:
        """Return tickets closed since then because somebody did not want them; see ``IntakeStore.recently_closed``."""
        t = TICKETS.c
        query = (
            select(TICKETS)
            .where(t.access_key_id.in_(keys), t.closed_at >= since, t.resolution.in_(_REFUSED))
            .order_by(t.closed_at, t.id)
        )
        with self.database.reading() as connection:
            found = [rows.ticket_of(row) for row in connection.execute(query)]
        return {ticket.access_key_id: ticket for ticket in found}

    def ever_rolled_back(self, keys: Sequence[KeyId]) -> frozenset[KeyId]:
        """Return which of these keys were rolled back by iamflow at any time."""
        t = TICKETS.c
        query = select(t.access_key_id).where(t.access_key_id.in_(keys), t.state == State.ROLLED_BACK.value)
        with self.database.reading() as connection:
            return frozenset(KeyId(key) for key in connection.execute(query).scalars())

    def open_new(self, tickets: Sequence[NewTicket], actor: str) -> Sequence[Ticket]:
        """Open tickets, each with its first event; see ``IntakeStore.open_new``."""
        if not tickets:
            return []
        ledger = Ledger(part=self, at=self.clock.now())
        with self.database.writing() as connection:
            _note_accounts(connection, tickets)
            values = [rows.new_values(new) for new in tickets]
            # Whether a subject has an open ticket is for the database to say: two imports may run at once.
            opening = (
                insert_or(connection, TICKETS).on_conflict_do_nothing().returning(TICKETS.c.id, TICKETS.c.access_key_id)
            )
            ids = {KeyId(row.access_key_id): TicketId(row.id) for row in connection.execute(opening, values)}
            opened = [new for new in _first_of_each(tickets) if new.access_key_id in ids]
            for new in opened:
                ticket_id = ids[new.access_key_id]
                ledger.heads[ticket_id] = ticket_genesis(self.key, ticket_id)
                ledger.add(ticket_id, _opened_event(new, actor))
            heads = [
                {"b_id": ticket_id, "head_seq": head.seq, "head_hash": head.hash}
                for ticket_id, head in ledger.heads.items()
            ]
            if heads:
                connection.execute(update(TICKETS).where(TICKETS.c.id == bindparam("b_id")), heads)
            ledger.flush(connection)
        return [_as_opened(new, ids[new.access_key_id]) for new in opened]


def _first_of_each(tickets: Iterable[NewTicket]) -> list[NewTicket]:
    seen: dict[KeyId, NewTicket] = {}
    for new in tickets:
        seen.setdefault(new.access_key_id, new)
    return list(seen.values())


def _note_accounts(connection: Connection, tickets: Sequence[NewTicket]) -> None:
    names = {new.account_id: new.account_name for new in tickets}
    noted = insert_or(connection, ACCOUNTS)
    renamed = noted.on_conflict_do_update(index_elements=[ACCOUNTS.c.id], set_={"name": noted.excluded.name})
    connection.execute(renamed, [{"id": account, "name": names[account]} for account in sorted(names)])


def _opened_event(new: NewTicket, actor: str) -> NewEvent:
    detail = {
        "workflow": new.workflow,
        "workflow_version": new.workflow_version,
        "account_id": new.account_id,
        "username": new.username,
        "access_key_id": new.access_key_id,
        "source": new.facts.source,
        "as_of": utc_text(new.facts.as_of),
        "created_at": utc_text(new.facts.created_at),
    }
    return NewEvent(kind=EventKind.OPENED, actor=actor, at=new.opened_at, to_state=State.OPEN, detail=detail)


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


def _finding_values(scan_id: int, rule: str, finding: Finding) -> dict[str, object]:
    return {
        "scan_id": scan_id,
        "rule": rule,
        "account_id": finding.account_id,
        "account_name": finding.account_name,
        "username": finding.username,
        "access_key_id": finding.key_id,
        "as_of": finding.facts.as_of,
        "holds": finding.facts.holds,
        "is_current": False,
        "finding": documents.FINDING.write(finding),
    }
