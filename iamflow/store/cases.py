"""A ticket with its context, for a whole batch in a few queries."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.engine import Connection

from iamflow.domain.decision import Case
from iamflow.domain.effect import Intent
from iamflow.domain.ids import TicketId
from iamflow.domain.notice import NoticeState, NoticeStatus
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Approval, Ticket
from iamflow.store import rows
from iamflow.store.rows import AnyRow
from iamflow.store.schema import ACCOUNTS, APPROVALS, INTENTS, OUTBOX, TICKETS

_APPROVABLE = PAUSED | {State.AWAITING_APPROVAL}
"""States in which an approval can matter to a decision."""


def enforced_since() -> ScalarSelect[object]:
    """Return the column that tells since when iamflow may act in a ticket's account."""
    return (
        select(ACCOUNTS.c.enforced_since)
        .where(ACCOUNTS.c.id == TICKETS.c.account_id)
        .correlate(TICKETS)
        .scalar_subquery()
    )


def cases_of(connection: Connection, found: Sequence[AnyRow], *, complete: bool = False) -> list[Case]:
    """Return the cases of these rows (with ``enforced_since``), in their order.

    ``complete`` reads all that is known, for showing it; without it, only what a decision in the ticket's state can ask for.
    """
    tickets = [rows.ticket_of(row) for row in found]
    intents = _open_intents(connection, [ticket.id for ticket in tickets])
    approvals = _approvals(connection, [t.id for t in tickets if complete or t.state in _APPROVABLE])
    told = [t for t in tickets if t.progress.notice_round > 0 and (complete or t.state is State.OPEN)]
    notices = _notices(connection, told)
    return [
        Case(
            ticket=ticket,
            intent=intents.get(ticket.id),
            approvals=tuple(approvals.get(ticket.id, ())),
            notice=notices.get(ticket.id, NoticeStatus()),
            enforced_since=row.enforced_since,
        )
        for row, ticket in zip(found, tickets, strict=True)
    ]


def first_notice_key(ticket: Ticket) -> str:
    """Return the dedupe key of the first notice of a ticket's current round."""
    return f"t{ticket.id}:notice:{ticket.progress.notice_round}"


def _open_intents(connection: Connection, ids: Sequence[TicketId]) -> dict[TicketId, Intent]:
    query = select(INTENTS).where(INTENTS.c.ticket_id.in_(ids), INTENTS.c.outcome.is_(None))
    return {TicketId(row.ticket_id): rows.intent_of(row) for row in connection.execute(query)}


def _approvals(connection: Connection, ids: Sequence[TicketId]) -> dict[TicketId, list[Approval]]:
    found: dict[TicketId, list[Approval]] = {}
    if not ids:
        return found
    query = select(APPROVALS).where(APPROVALS.c.ticket_id.in_(ids)).order_by(APPROVALS.c.id)
    for row in connection.execute(query):
        found.setdefault(TicketId(row.ticket_id), []).append(rows.approval_of(row))
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
