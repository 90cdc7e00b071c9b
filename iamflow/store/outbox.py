"""Notices waiting to go out (``OutboxStore``)."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select, update

from iamflow.domain.ids import TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.engine.ports import Letter, Sent
from iamflow.store import documents
from iamflow.store.chain import Head, Ledger
from iamflow.store.part import Part
from iamflow.store.schema import OUTBOX, TICKETS

_FIRST_NOTICE = re.compile(r"t\d+:notice:\d+")


class OutboxPart(Part):
    """All of ``OutboxStore``."""

    def due_letters(self, now: datetime, limit: int) -> Sequence[Letter]:
        """Return letters whose time has come, oldest first."""
        o = OUTBOX.c
        query = (
            select(o.id, o.ticket_id, o.channel, o.notice, o.attempts, o.created_at)
            .where(o.available_at.is_not(None), o.available_at <= now)
            .order_by(o.available_at, o.id)
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [
                Letter(
                    id=row.id,
                    channel=row.channel,
                    notice=documents.NOTICE.read(row.notice, f"letter {row.id} of ticket {row.ticket_id}"),
                    attempts=row.attempts,
                    created_at=row.created_at,
                )
                for row in connection.execute(query)
            ]

    def record_sent(self, results: Sequence[Sent]) -> None:
        """Write what became of letters; see ``OutboxStore.record_sent``.

        A letter that will be tried again is an event only when its error is a new one, so that a mail server that is down
        for a week does not fill the journal. One that was accepted or given up meanwhile by another process stays so.
        """
        if not results:
            return
        t, o = TICKETS.c, OUTBOX.c
        ledger = Ledger(part=self, at=self.clock.now())
        ids = sorted({result.letter.notice.ticket_id for result in results})
        with self.database.writing() as connection:
            locked = select(t.id, t.head_seq, t.head_hash).where(t.id.in_(ids)).order_by(t.id).with_for_update()
            heads = {TicketId(row.id): Head(seq=row.head_seq, hash=row.head_hash) for row in connection.execute(locked)}
            ledger.heads.update(heads)
            letters = select(o.id, o.error).where(o.id.in_([r.letter.id for r in results]), o.available_at.is_not(None))
            errors = {row.id: row.error for row in connection.execute(letters)}
            current = [result for result in results if result.letter.id in errors]
            if not current:
                return
            connection.execute(update(OUTBOX).where(o.id == bindparam("b_id")), [_values(result) for result in current])
            for result in current:
                event = _event(result, errors[result.letter.id])
                if event is not None:
                    ledger.add(result.letter.notice.ticket_id, event)
            moved = [
                {"b_id": ticket_id, "head_seq": head.seq, "head_hash": head.hash}
                for ticket_id, head in ledger.heads.items()
                if head != heads[ticket_id]
            ]
            if moved:
                connection.execute(update(TICKETS).where(t.id == bindparam("b_id")), moved)
            decided = [
                {"b_id": r.letter.notice.ticket_id, "due_at": r.at, "b_at": r.at} for r in current if _decides(r)
            ]
            if decided:
                later = or_(t.due_at.is_(None), t.due_at > bindparam("b_at"))
                connection.execute(
                    update(TICKETS).where(t.id == bindparam("b_id"), t.closed_at.is_(None), later), decided
                )
            ledger.flush(connection)

    def outbox_age(self, now: datetime) -> timedelta | None:
        """Return how long the oldest unsent letter has waited, or None when there is none."""
        query = select(func.min(OUTBOX.c.created_at)).where(OUTBOX.c.available_at.is_not(None))
        with self.database.reading() as connection:
            oldest: datetime | None = connection.execute(query).scalar()
        return now - oldest if oldest is not None else None


def _decides(result: Sent) -> bool:
    """Whether a ticket has been waiting for this: its first notice was accepted, or never will be."""
    return result.retry_at is None and _FIRST_NOTICE.fullmatch(result.letter.notice.dedupe_key) is not None


def _values(result: Sent) -> dict[str, object]:
    accepted = result.accepted_at is not None
    return {
        "b_id": result.letter.id,
        "attempts": result.letter.attempts + 1,
        "available_at": None if accepted else result.retry_at,
        "accepted_at": result.accepted_at,
        "promised_at": result.promised_at,
        "failed_at": result.at if not accepted and result.retry_at is None else None,
        "error": result.error,
    }


def _event(result: Sent, last_error: str | None) -> NewEvent | None:
    notice = result.letter.notice
    detail: dict[str, object] = {
        "notice": notice.kind.value,
        "dedupe_key": notice.dedupe_key,
        "channel": result.letter.channel,
        "recipients": len(notice.recipients),
    }
    if result.accepted_at is not None:
        promised = result.promised_at.isoformat() if result.promised_at is not None else None
        return NewEvent(
            kind=EventKind.NOTICE_ACCEPTED,
            actor="daemon",
            at=result.accepted_at,
            detail=detail | {"promised_at": promised},
        )
    detail["error"] = result.error
    if result.retry_at is None:
        return NewEvent(kind=EventKind.NOTICE_FAILED, actor="daemon", at=result.at, detail=detail)
    if result.error == last_error:
        return None
    detail["retry_at"] = result.retry_at.isoformat()
    return NewEvent(kind=EventKind.RETRY_LATER, actor="daemon", at=result.at, detail=detail)
