"""Appends to the journal: events to their tickets' chains, and one checkpoint a transaction over the heads that moved.

The checkpoints of one writer are a chain of their own. Two processes that write under one name take turns: on SQLite
because there is one writer at a time, on PostgreSQL by an advisory lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.engine import Connection

from iamflow.domain.ids import TicketId
from iamflow.domain.journal import Event, NewEvent, canonical, genesis, link
from iamflow.store import documents
from iamflow.store.bulk import write_rows
from iamflow.store.part import Part, take_turns
from iamflow.store.schema import CHECKPOINTS, EVENTS
from iamflow.store.types import clean, utc_text

_EVENT_COLUMNS = (
    "ticket_id",
    "seq",
    "at",
    "actor",
    "kind",
    "from_state",
    "to_state",
    "detail",
    "prev_hash",
    "writer",
    "hash",
)
_OF_EVENT = itemgetter(*_EVENT_COLUMNS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The end of a chain: how long it is, and the hash of its last element."""

    seq: int
    hash: str


def ticket_genesis(key: bytes, ticket_id: TicketId) -> Head:
    """Return the head of a ticket's chain before its first event."""
    return Head(seq=0, hash=genesis(key, f"ticket:{ticket_id}"))


def event_hash(key: bytes, event: Mapping[str, Any], at: str) -> str:
    """Return what the hash of a row of ``events`` must be, given its columns and the text of its time."""
    columns = ("ticket_id", "seq", "actor", "kind", "from_state", "to_state", "detail")
    ticket_id, seq, actor, kind, from_state, to_state, detail = (event[column] for column in columns)
    fields = (str(ticket_id), str(seq), at, actor, kind, from_state or "", to_state or "", detail)
    return link(key, event["prev_hash"], *fields)


def checkpoint_hash(key: bytes, checkpoint: Mapping[str, Any], at: str) -> str:
    """Return what the hash of a row of ``checkpoints`` must be, given its columns and the text of its time."""
    fields = (checkpoint["writer"], str(checkpoint["seq"]), at, checkpoint["heads"])
    return link(key, checkpoint["prev_hash"], *fields)


@dataclass(kw_only=True, slots=True)
class Ledger:
    """The events of one transaction, hashed as they come; ``flush`` writes them and their checkpoint."""

    part: Part
    at: datetime
    heads: dict[TicketId, Head] = field(default_factory=dict)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _moved: set[TicketId] = field(default_factory=set)
    _note: Mapping[str, object] | None = None

    def add(self, ticket_id: TicketId, new: NewEvent) -> None:
        """Append one event to a ticket's chain, whose head must be known."""
        head = self.heads[ticket_id]
        event: dict[str, Any] = {
            "ticket_id": ticket_id,
            "seq": head.seq + 1,
            "at": utc_text(new.at),
            "actor": clean(new.actor),
            "kind": new.kind.value,
            "from_state": new.from_state.value if new.from_state is not None else None,
            "to_state": new.to_state.value if new.to_state is not None else None,
            "detail": documents.EVENT.write(new.detail),
            "prev_hash": head.hash,
            "writer": self.part.writer,
        }
        event["hash"] = event_hash(self.part.key, event, event["at"])
        self._events.append(event)
        self.heads[ticket_id] = Head(seq=event["seq"], hash=event["hash"])
        self._moved.add(ticket_id)

    def note(self, words: Mapping[str, object]) -> None:
        """Record something in the checkpoint that belongs to no ticket, such as who threw the kill switch."""
        self._note = words

    def flush(self, connection: Connection) -> None:
        """Write the events and the checkpoint over the heads that they moved. Without either, nothing is written."""
        if not self._moved and self._note is None:
            return
        seq, prev_hash = self._previous(connection)
        moved: list[list[object]] = [
            [ticket_id, self.heads[ticket_id].seq, self.heads[ticket_id].hash] for ticket_id in sorted(self._moved)
        ]
        content: dict[str, object] = {"heads": moved}
        if self._note is not None:
            content["note"] = dict(self._note)
        checkpoint: dict[str, Any] = {
            "writer": self.part.writer,
            "seq": seq + 1,
            "at": self.at,
            "heads": documents.CHECKPOINT.write(content),
            "prev_hash": prev_hash,
        }
        checkpoint["hash"] = checkpoint_hash(self.part.key, checkpoint, utc_text(self.at))
        written = [(*_OF_EVENT(event), seq + 1) for event in self._events]
        write_rows(connection, EVENTS, (*_EVENT_COLUMNS, "checkpoint"), written)
        connection.execute(insert(CHECKPOINTS), checkpoint)

    def _previous(self, connection: Connection) -> tuple[int, str]:
        writer = self.part.writer
        take_turns(connection, f"writer {writer}")
        row = connection.execute(
            select(CHECKPOINTS.c.seq, CHECKPOINTS.c.hash)
            .where(CHECKPOINTS.c.writer == writer)
            .order_by(CHECKPOINTS.c.seq.desc())
            .limit(1)
        ).first()
        return (row.seq, row.hash) if row is not None else (0, writer_genesis(self.part.key, writer))


def writer_genesis(key: bytes, writer: str) -> str:
    """Return the hash that a writer's chain of checkpoints begins with."""
    return genesis(key, f"writer:{writer}")


def event_of(row: Row[*tuple[Any, ...]]) -> Event:
    """Return the event of a row of ``events``. Raises ``SchemaError`` for a detail that cannot be read."""
    # Handed on as it stands, since the hash covers it; read only so that a newer shape is refused and not half understood.
    documents.EVENT.read(row.detail, f"event {row.seq} of ticket {row.ticket_id}")
    return Event(
        ticket_id=TicketId(row.ticket_id),
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        from_state=row.from_state,
        to_state=row.to_state,
        detail=row.detail,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )


def exported_hash(key: bytes, head: Mapping[str, object]) -> str:
    """Return the keyed hash over an exported head's content, whatever it says its hash is."""
    content = {name: value for name, value in head.items() if name != "hash"}
    return link(key, genesis(key, "head"), canonical(content))
