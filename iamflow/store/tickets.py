"""Tickets under way: claiming what is due, and giving it up (``TicketStore``)."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.engine import CursorResult

from iamflow.domain.decision import Case
from iamflow.domain.errors import NotFoundError
from iamflow.domain.guards import Freeze
from iamflow.domain.ids import TicketId
from iamflow.engine.ports import Standing
from iamflow.store.cases import cases_of
from iamflow.store.part import Part
from iamflow.store.schema import ACCOUNTS, FREEZE, TICKETS

UNREADABLE = Freeze(on=True, reason="the kill switch cannot be read: its row is missing from the database")

_STANDING = (
    select(
        TICKETS.c.version,
        TICKETS.c.lease_token,
        TICKETS.c.lease_until,
        ACCOUNTS.c.enforced_since,
        FREEZE.c.is_on,
        FREEZE.c.reason,
    )
    .select_from(TICKETS)
    .join(ACCOUNTS, ACCOUNTS.c.id == TICKETS.c.account_id)
    .join(FREEZE, FREEZE.c.id == 1, isouter=True)
    .where(TICKETS.c.id == bindparam("b_id"))
)
"""Built once: it is asked before every mutating call, and building it takes longer than running it."""

_FREED: dict[str, Any] = {"lease_holder": None, "lease_token": None, "lease_until": None}


class TicketPart(Part):
    """Everything of ``TicketStore`` but ``commit``."""

    def claim(
        self, *, holder: str, now: datetime, limit: int, lease: timedelta, only: TicketId | None = None
    ) -> Sequence[Case]:
        """Lease what is due; see ``TicketStore.claim``."""
        # A CTE is run once; PostgreSQL may run a subquery again, and then lock more rows than the limit.
        chosen = claimable(holder, now, limit, only).cte("chosen")
        claimed = (
            update(TICKETS)
            .where(TICKETS.c.id.in_(select(chosen.c.id)))
            .values(lease_holder=holder, lease_token=secrets.token_hex(16), lease_until=now + lease)
            .returning(TICKETS)
        )
        with self.database.writing() as connection:
            found = connection.execute(claimed).all()
            if not found:
                return []
            # An UPDATE returns its rows in no order; the longest due goes first.
            return cases_of(connection, sorted(found, key=lambda row: (row.due_at is None, row.due_at, row.id)))

    def standing(self, ticket_id: TicketId) -> Standing:
        """Return what must be known right before a call; see ``TicketStore.standing``."""
        with self.database.reading() as connection:
            row = connection.execute(_STANDING, {"b_id": ticket_id}).first()
        if row is None:
            raise NotFoundError(_no_ticket(ticket_id))
        freeze = UNREADABLE if row.is_on is None else Freeze(on=row.is_on, reason=row.reason)
        return Standing(
            version=row.version,
            lease_token=row.lease_token,
            lease_until=row.lease_until,
            freeze=freeze,
            enforced_since=row.enforced_since,
        )

    def release(self, holder: str) -> int:
        """Give up every lease of this holder; see ``TicketStore.release``."""
        return self._free(TICKETS.c.lease_holder == holder)

    def take_over(self, holder: str) -> int:
        """End the leases of every other holder; see ``TicketStore.take_over``."""
        return self._free(TICKETS.c.lease_holder != holder)

    def next_due(self) -> datetime | None:
        """Return when the next ticket falls due; see ``TicketStore.next_due``."""
        with self.database.reading() as connection:
            query = select(func.min(TICKETS.c.due_at)).where(TICKETS.c.due_at.is_not(None))
            return connection.execute(query).scalar()

    def _free(self, whose: ColumnElement[bool]) -> int:
        leased = TICKETS.c.lease_holder.is_not(None)
        with self.database.writing() as connection:
            result: CursorResult[Any] = connection.execute(update(TICKETS).where(leased, whose).values(_FREED))
            return result.rowcount


def claimable(holder: str, now: datetime, limit: int, only: TicketId | None) -> Select[tuple[int]]:
    """Return the query for the numbers of the tickets that this holder may lease now, longest due first.

    Rows that another claim has locked at this moment are skipped, where rows are locked at all (PostgreSQL).
    """
    t = TICKETS.c
    free = or_(t.lease_until.is_(None), t.lease_until <= now, t.lease_holder == holder)
    query = select(t.id).where(free)
    if only is not None:
        query = query.where(t.id == only)
    else:
        query = query.where(t.due_at.is_not(None), t.due_at <= now).order_by(t.due_at, t.id).limit(limit)
    return query.with_for_update(skip_locked=True)


def _no_ticket(ticket_id: TicketId) -> str:
    return f"there is no ticket {ticket_id}"
