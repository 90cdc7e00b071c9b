"""The record that retention leaves of what it removed: an event at the end of what goes, under the journal's key.

Each record says everything that has been removed of its ticket so far. Nobody without the key can write one, and one that
was moved to another place does not continue the chain there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from iamflow.domain.errors import SchemaError
from iamflow.domain.journal import EventKind, canonical, genesis, link
from iamflow.store import documents
from iamflow.store.chain import event_hash
from iamflow.store.rows import AnyRow
from iamflow.store.schema import EVENTS
from iamflow.store.verify_intents import said_by_row
from iamflow.store.verify_reading import as_it_stands, text_of_time

_AT_ONCE = 500
"""How many tickets one query asks for; the databases limit the parameters of a statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Events 1 to ``to_seq`` of a ticket, which are gone, and what stands for them."""

    to_seq: int
    head_before: str
    head_after: str
    removed_at: str
    intents: frozenset[int]
    """The intents whose opening and settling were among the events; their rows stay."""
    intents_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What has been removed of one ticket, by its newest genuine record."""

    evidence_at: str | None = None
    stretch: Stretch | None = None


def record_of(key: bytes, row: AnyRow) -> Record | None:
    """Return what an event (as it stands) says was removed; None unless it is a record that iamflow wrote."""
    if row.kind != EventKind.RETENTION.value or row.hash != event_hash(key, row._asdict(), text_of_time(row.at)):
        return None
    try:
        detail = documents.EVENT.read(row.detail)
        evidence, events = detail["evidence"], detail["events"]
        return Record(
            evidence_at=evidence["removed_at"] if evidence is not None else None,
            stretch=_stretch(events) if events is not None else None,
        )
    except (SchemaError, KeyError, TypeError, ValueError):
        return None


def _stretch(said: Mapping[str, object]) -> Stretch:
    intents = said["intents"]
    if not isinstance(intents, list):
        raise TypeError(intents)
    return Stretch(
        to_seq=int(str(said["to_seq"])),
        head_before=str(said["head_before"]),
        head_after=str(said["head_after"]),
        removed_at=str(said["removed_at"]),
        intents=frozenset(intents),
        intents_hash=str(said["intents_hash"]),
    )


def stretches(connection: Connection, key: bytes, ticket_ids: Iterable[int]) -> Mapping[int, Stretch]:
    """Return what retention removed of the histories of these tickets, of those of which it did."""
    wanted = sorted(set(ticket_ids))
    found: dict[int, Stretch] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        of_these = (
            EVENTS.c.ticket_id.in_(wanted[start : start + _AT_ONCE]),
            EVENTS.c.kind == EventKind.RETENTION.value,
        )
        query = select(*as_it_stands(connection, EVENTS)).where(*of_these).order_by(EVENTS.c.ticket_id, EVENTS.c.seq)
        for row in connection.execute(query):
            record = record_of(key, row)
            if record is not None and record.stretch is not None:
                found[row.ticket_id] = record.stretch
    return found


def evidence_hash(key: bytes, text: str) -> str:
    """Return what is kept of a removed document. It is keyed: whoever guesses an address cannot try the guess."""
    return link(key, genesis(key, "evidence"), text)


def intents_hash(key: bytes, rows: Sequence[AnyRow]) -> str:
    """Return what stands for the events of these intents (as they stand, by number) once those are gone."""
    return link(key, genesis(key, "intents"), canonical([[row.id, *said_by_row(row)] for row in rows]))
