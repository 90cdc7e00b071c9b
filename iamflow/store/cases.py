"""A ticket with its context, for a whole batch in a few queries."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from iamflow.domain.decision import Case
from iamflow.domain.ids import TicketId
from iamflow.domain.notice import NoticeState, NoticeStatus
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Approval, Ticket
from iamflow.store import rows
from iamflow.store.rows import AnyRow
from iamflow.store.schema import ACCOUNTS, APPROVALS, INTENTS, OUTBOX, TICKETS

_APPROVABLE = PAUSED | {State.AWAITING_APPROVAL}
"""States in which an approval can matter to a decision."""


_BESIDE_OTHERS = frozenset({"rotate-key"})
"""Workflows about one key that may touch other keys of its user."""

_TELLING = frozenset({State.OPEN, State.ISSUED})
"""States in which it counts how far a first notice has come."""


def cases_of(connection: Connection, found: Sequence[AnyRow], *, complete: bool = False) -> list[Case]:
    """Return the cases of these rows of ``tickets``, in their order.

    ``complete`` reads all that is known, for showing it; without it, only what a decision in the ticket's state can ask for.
    """
    tickets = [rows.ticket_of(row) for row in found]
    standing = _standing(connection, [ticket.id for ticket in tickets])
    approvals = _approvals(connection, [t.id for t in tickets if complete or t.state in _APPROVABLE])
    told = [t for t in tickets if t.progress.notice_round > 0 and (complete or t.state in _TELLING)]
    notices = _notices(connection, told)
    others = _others(connection, [t for t in tickets if t.access_key_id is None or t.workflow in _BESIDE_OTHERS])
    return [
        Case(
            ticket=ticket,
            intent=rows.intent_of(standing[ticket.id]) if standing[ticket.id].id is not None else None,
            approvals=tuple(approvals.get(ticket.id, ())),
            notice=notices.get(ticket.id, NoticeStatus()),
            enforced_since=standing[ticket.id].enforced_since,
            others=tuple(
                other for other in others.get((ticket.account_id, ticket.username), ()) if other.ticket.id != ticket.id
            ),
        )
        for ticket in tickets
    ]


def first_notice_key(ticket: Ticket) -> str:
    """Return the dedupe key of the first notice of a ticket's current round."""
    return f"t{ticket.id}:notice:{ticket.progress.notice_round}"


def _standing(connection: Connection, ids: Sequence[TicketId]) -> dict[TicketId, AnyRow]:
    """Return since when iamflow may act in each ticket's account, and its open intent's columns, empty where it has none."""
    t, i = TICKETS.c, INTENTS.c
    query = (
        select(t.id.label("of_ticket"), ACCOUNTS.c.enforced_since, INTENTS)
        .select_from(TICKETS)
        .join(ACCOUNTS, ACCOUNTS.c.id == t.account_id)
        .join(INTENTS, (i.ticket_id == t.id) & i.outcome.is_(None), isouter=True)
        .where(t.id.in_(ids))
    )
    return {TicketId(row.of_ticket): row for row in connection.execute(query)}


def _approvals(connection: Connection, ids: Sequence[TicketId]) -> dict[TicketId, list[Approval]]:
    found: dict[TicketId, list[Approval]] = {}
    if not ids:
        return found
    query = select(APPROVALS).where(APPROVALS.c.ticket_id.in_(ids)).order_by(APPROVALS.c.id)
    for row in connection.execute(query):
        found.setdefault(TicketId(row.ticket_id), []).append(rows.approval_of(row))
    return found


def _others(connection: Connection, tickets: Sequence[Ticket]) -> dict[tuple[str, str], list[Case]]:
    """Return the open tickets about the users that these tickets are about, and about their keys."""
    found: dict[tuple[str, str], list[Case]] = {}
    if not tickets:
        return found
    t = TICKETS.c
    names = sorted({ticket.username for ticket in tickets})
    query = select(TICKETS).where(t.username.in_(names), t.closed_at.is_(None)).order_by(t.id)
    listed = connection.execute(query).all()
    standing = _standing(connection, [TicketId(row.id) for row in listed]) if listed else {}
    for row in listed:
        other = rows.ticket_of(row)
        intent = rows.intent_of(standing[other.id]) if standing[other.id].id is not None else None
        found.setdefault((other.account_id, other.username), []).append(Case(ticket=other, intent=intent))
    return found


def _notices(connection: Connection, tickets: Iterable[Ticket]) -> dict[TicketId, NoticeStatus]:
    keys = {first_notice_key(ticket): ticket.id for ticket in tickets}
    if not keys:
        return {}
    o = OUTBOX.c
    query = (
        select(
            o.dedupe_key,
            # Of several acceptances the first counts, and of several promises the latest: nothing comes before any of them.
            func.min(o.accepted_at).label("accepted_at"),
            func.max(o.promised_at).label("promised_at"),
            func.count(o.available_at).label("waiting"),
            func.max(o.error).label("error"),
        )
        .where(o.dedupe_key.in_(keys))
        .group_by(o.dedupe_key)
    )
    return {keys[row.dedupe_key]: _status(row) for row in connection.execute(query)}


def _status(row: AnyRow) -> NoticeStatus:
    if row.accepted_at is not None:
        return NoticeStatus(state=NoticeState.ACCEPTED, accepted_at=row.accepted_at, promised_at=row.promised_at)
    state = NoticeState.WAITING if row.waiting else NoticeState.FAILED
    return NoticeStatus(state=state, error=row.error)
