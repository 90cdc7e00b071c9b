"""What Security Hub was told of which tickets (``HubStore``).

A ticket has to be looked at when its version is beyond the one that Security Hub was told of; a partial index holds exactly
those, so that a pass costs what has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.engine import Connection

from iamflow.domain.asff import finding_id
from iamflow.domain.hub import Told, WorkflowStatus, next_update
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Untold
from iamflow.store import rows
from iamflow.store.part import Part, among, insert, take_turns
from iamflow.store.rows import AnyRow
from iamflow.store.schema import ACCOUNTS, HUB_FINDINGS, TICKETS

_TURNS = "telling"
"""Claims and records pass one at a time: two daemons would otherwise wait for each other's tickets and findings."""


class HubPart(Part):
    """All of ``HubStore``."""

    def ticketed_accounts(self) -> Sequence[AccountId]:
        """Return every account that a ticket was ever about."""
        with self.database.reading() as connection:
            return [
                AccountId(one) for one in connection.execute(select(ACCOUNTS.c.id).order_by(ACCOUNTS.c.id)).scalars()
            ]

    def claim_untold(self, accounts: Sequence[AccountId], *, now: datetime, limit: int, lease: timedelta) -> Untold:
        """Claim tickets that changed or whose time has come; see ``HubStore.claim_untold``."""
        t = TICKETS.c
        with self.database.reading() as connection:
            # Most looks find nothing, and those hold up nobody who writes.
            if not _wanted(connection, accounts, now, 1):
                return Untold()
        with self.database.writing() as connection:
            take_turns(connection, _TURNS)
            wanted = _wanted(connection, accounts, now, limit)
            # A ticket that somebody else is writing just now is left for the next look: it is about to change anyway.
            query = select(TICKETS).where(t.id.in_(wanted)).order_by(t.id)
            found = [rows.ticket_of(row) for row in connection.execute(query.with_for_update(skip_locked=True))]
            known = _known(connection, found)
            free = [ticket for ticket in found if not _is_claimed(known.get(finding_id(ticket)), now)]
            pairs = _claimed(free, known, now)
            _write(connection, [told for _, told in pairs], now + lease)
            seen = [{"b_id": ticket.id, "b_version": ticket.version} for ticket in free]
            if seen:
                connection.execute(
                    update(TICKETS).where(t.id == bindparam("b_id")).values(hub_version=bindparam("b_version")), seen
                )
        return Untold(pairs=tuple(pairs), looked_at=len(free))

    def record_told(self, told: Sequence[Told]) -> None:
        """Write what became of claims, where nobody has claimed them since."""
        if not told:
            return
        h = HUB_FINDINGS.c
        mine = update(HUB_FINDINGS).where(h.finding == bindparam("b_finding"), h.turn == bindparam("b_turn"))
        values = [
            {"b_finding": one.finding_id, "b_turn": one.turn, **_outcome(one)}
            for one in sorted(told, key=lambda one: one.finding_id)
        ]
        with self.database.writing() as connection:
            take_turns(connection, _TURNS)
            connection.execute(mine, values)

    def hasten_untold(self, now: datetime) -> None:
        """Let everything that failed fall due now."""
        with self.database.writing() as connection:
            take_turns(connection, _TURNS)
            connection.execute(update(HUB_FINDINGS).where(HUB_FINDINGS.c.error.is_not(None)).values(due_at=now))

    def tell_again(self) -> None:
        """Let every open ticket, and every finding that was told of, be told of again."""
        t = TICKETS.c
        known = t.id.in_(select(HUB_FINDINGS.c.ticket_id))
        with self.database.writing() as connection:
            take_turns(connection, _TURNS)
            connection.execute(update(HUB_FINDINGS).values(digest=None))
            connection.execute(update(TICKETS).where(or_(t.closed_at.is_(None), known)).values(hub_version=0))

    def untold_errors(self, limit: int) -> Sequence[Told]:
        """Return findings that Security Hub has not accepted, those that failed most often first."""
        h = HUB_FINDINGS.c
        query = select(HUB_FINDINGS).where(h.error.is_not(None)).order_by(h.attempts.desc(), h.finding.desc())
        with self.database.reading() as connection:
            return [_told_of(row) for row in connection.execute(query.limit(limit))]


def _wanted(connection: Connection, accounts: Sequence[AccountId], now: datetime, limit: int) -> list[int]:
    """Return up to ``limit`` tickets whose time has come again, and as many that changed."""
    t, h = TICKETS.c, HUB_FINDINGS.c
    mine, theirs = among(connection, h.account_id, list(accounts)), among(connection, t.account_id, list(accounts))
    due = select(h.ticket_id).where(h.due_at.is_not(None), h.due_at <= now, mine).order_by(h.due_at, h.finding)
    changed = select(t.id).where(t.version > t.hub_version, theirs).order_by(t.account_id, t.id)
    found = [connection.execute(query.limit(limit)).scalars() for query in (due, changed)]
    return sorted({ticket_id for some in found for ticket_id in some})


def _known(connection: Connection, tickets: Sequence[Ticket]) -> dict[str | None, Told]:
    """Return what Security Hub was told of the findings that these tickets are about."""
    names = [name for ticket in tickets if (name := finding_id(ticket)) is not None]
    query = select(HUB_FINDINGS).where(among(connection, HUB_FINDINGS.c.finding, names))
    return {row.finding: _told_of(row) for row in connection.execute(query)}


def _is_claimed(told: Told | None, now: datetime) -> bool:
    return told is not None and told.claimed_until is not None and told.claimed_until > now


def _claimed(tickets: Sequence[Ticket], known: Mapping[str | None, Told], now: datetime) -> list[tuple[Ticket, Told]]:
    """Return the tickets that speak for a finding, in the order of accounts, each with its new turn."""
    chosen: dict[str, tuple[Ticket, Told]] = {}
    for ticket in tickets:
        name = finding_id(ticket)
        before = known.get(name)
        if name is None or (before is None and ticket.ended):
            continue  # about no finding, or over before Security Hub ever heard of it
        if before is not None and before.ticket_id > ticket.id:
            continue  # a newer ticket speaks for the finding
        chosen[name] = (ticket, _next_turn(ticket, name, before, now))
    return sorted(chosen.values(), key=lambda pair: (pair[0].account_id, pair[0].id))


def _next_turn(ticket: Ticket, name: str, before: Told | None, now: datetime) -> Told:
    if before is None:
        return Told(
            finding_id=name,
            ticket_id=ticket.id,
            account_id=ticket.account_id,
            created_at=ticket.opened_at,
            updated_at=next_update(now, None),
            turn=1,
        )
    later = next_update(now, before.updated_at)
    return replace(before, ticket_id=ticket.id, updated_at=later, turn=before.turn + 1, due_at=None)


def _write(connection: Connection, told: Sequence[Told], until: datetime) -> None:
    if not told:
        return
    claimed = insert(connection, HUB_FINDINGS)
    again = {name: claimed.excluded[name] for name in ("ticket_id", "updated_at", "turn", "claimed_until", "due_at")}
    values = [
        {
            "finding": one.finding_id,
            "ticket_id": one.ticket_id,
            "account_id": one.account_id,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
            "turn": one.turn,
            "attempts": one.attempts,
            "claimed_until": until,
            "due_at": until,  # should nobody record what became of it
        }
        for one in told
    ]
    connection.execute(claimed.on_conflict_do_update(index_elements=[HUB_FINDINGS.c.finding], set_=again), values)


def _outcome(told: Told) -> dict[str, object]:
    return {
        "claimed_until": None,
        "digest": told.digest,
        "active": told.active,
        "workflow": told.workflow.value if told.workflow is not None else None,
        "note": told.note,
        "accepted_at": told.accepted_at,
        "attempts": told.attempts,
        "error": told.error,
        "due_at": told.due_at,
    }


def _told_of(row: AnyRow) -> Told:
    return Told(
        finding_id=row.finding,
        ticket_id=TicketId(row.ticket_id),
        account_id=AccountId(row.account_id),
        created_at=row.created_at,
        updated_at=row.updated_at,
        turn=row.turn,
        claimed_until=row.claimed_until,
        digest=row.digest,
        active=row.active,
        workflow=WorkflowStatus(row.workflow) if row.workflow is not None else None,
        note=row.note,
        accepted_at=row.accepted_at,
        attempts=row.attempts,
        error=row.error,
        due_at=row.due_at,
    )
