"""Checks each writer's chain of checkpoints, and that the events which they name are there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection

from iamflow.domain.errors import SchemaError
from iamflow.engine.ports import JournalFault
from iamflow.store import documents
from iamflow.store.chain import Head, checkpoint_hash, writer_genesis
from iamflow.store.part import Part
from iamflow.store.removed import Stretch, stretches
from iamflow.store.rows import AnyRow
from iamflow.store.schema import CHECKPOINTS, EVENTS
from iamflow.store.verify_reading import as_it_stands, text_of_time

Transaction = tuple[str, int]
"""A checkpoint's writer and number."""

NamedHead = tuple[int, int, str]
"""A ticket, the number of its last event, and that event's hash."""

_PAGE = 20
_AT_ONCE = 500
"""How many pairs one query asks for; the databases limit the parameters of a statement."""


def named_by(connection: Connection, transactions: Iterable[Transaction]) -> Mapping[Transaction, frozenset[NamedHead]]:
    """Return the heads that these checkpoints name, of those that are there."""
    c = CHECKPOINTS.c
    wanted = list(transactions)
    named: dict[Transaction, frozenset[NamedHead]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(c.writer, c.seq, c.heads).where(tuple_(c.writer, c.seq).in_(wanted[start : start + _AT_ONCE]))
        for row in connection.execute(query):
            named[row.writer, row.seq] = frozenset(_heads(row.heads) or ())
    return named


def checkpoint_faults(part: Part) -> Iterator[JournalFault]:
    """Find what is wrong with any writer's chain."""
    c = CHECKPOINTS.c
    with part.database.reading() as connection:
        writers = connection.execute(select(c.writer).distinct()).scalars().all()
    for writer in sorted(writers):
        head = Head(seq=0, hash=writer_genesis(part.key, writer))
        while True:
            with part.database.reading() as connection:
                query = select(*as_it_stands(connection, CHECKPOINTS)).where(c.writer == writer, c.seq > head.seq)
                page = connection.execute(query.order_by(c.seq).limit(_PAGE)).all()
                faults = list(_page_faults(part.key, connection, page, head))
            if not page:
                break
            yield from faults
            head = Head(seq=page[-1].seq, hash=page[-1].hash)


def newest_checkpoint_faults(part: Part) -> Sequence[JournalFault]:
    """Find what is wrong with the newest checkpoint of all, its link to the one before it, and the events it names.

    Takes the same short time however long the journal is, and says nothing about what came earlier.
    """
    c = CHECKPOINTS.c
    with part.database.reading() as connection:
        newest = connection.execute(
            select(*as_it_stands(connection, CHECKPOINTS)).order_by(c.at.desc(), c.seq.desc()).limit(1)
        ).all()
        if not newest:
            return []
        writer, seq = newest[0].writer, newest[0].seq
        before = connection.execute(select(c.hash).where(c.writer == writer, c.seq == seq - 1)).scalar()
        begun = writer_genesis(part.key, writer) if seq == 1 else ""
        head = Head(seq=seq - 1, hash=before or begun)
        return list(_page_faults(part.key, connection, newest, head))


def _page_faults(key: bytes, connection: Connection, page: Sequence[AnyRow], head: Head) -> Iterator[JournalFault]:
    for row in page:
        where = f"checkpoint {row.seq} of {row.writer}"
        if row.seq != head.seq + 1:
            yield JournalFault(where=where, sentence=f"it follows checkpoint {head.seq}: what was between them is gone")
        if row.prev_hash != head.hash:
            yield JournalFault(where=where, sentence="it does not continue what comes before it")
        if row.hash != checkpoint_hash(key, row._asdict(), text_of_time(row.at)):
            yield JournalFault(where=where, sentence="it was changed, or was not written by iamflow")
        heads = _heads(row.heads)
        if heads is None:
            yield JournalFault(where=where, sentence="its heads cannot be read")
        else:
            yield from _missing(key, connection, where, heads)
        head = Head(seq=row.seq, hash=row.hash)


def _missing(key: bytes, connection: Connection, where: str, heads: Sequence[NamedHead]) -> Iterator[JournalFault]:
    """Find events that a checkpoint names and that are gone or others by now, unless retention answers for them."""
    e = EVENTS.c
    stored: dict[tuple[int, int], str] = {}
    places = [(ticket_id, seq) for ticket_id, seq, _ in heads]
    for start in range(0, len(places), _AT_ONCE):
        query = select(e.ticket_id, e.seq, e.hash)
        wanted = tuple_(e.ticket_id, e.seq).in_(places[start : start + _AT_ONCE])
        stored.update({(row.ticket_id, row.seq): row.hash for row in connection.execute(query.where(wanted))})
    gone = [ticket_id for ticket_id, seq, _ in heads if (ticket_id, seq) not in stored]
    removed = stretches(connection, key, gone) if gone else {}
    for ticket_id, seq, digest in heads:
        if stored.get((ticket_id, seq)) == digest or _removed(removed.get(ticket_id), seq, digest):
            continue
        state = "another by now" if (ticket_id, seq) in stored else "gone"
        yield JournalFault(where=where, sentence=f"event {seq} of ticket {ticket_id}, which it names, is {state}")


def _removed(stretch: Stretch | None, seq: int, digest: str) -> bool:
    """Return whether retention has removed this event."""
    return stretch is not None and (seq < stretch.to_seq or (seq == stretch.to_seq and digest == stretch.head_after))


def _heads(text: str) -> list[NamedHead] | None:
    """Return the heads that a checkpoint's text names, None where it cannot be read."""
    try:
        return [
            (int(ticket_id), int(seq), str(digest))
            for ticket_id, seq, digest in documents.CHECKPOINT.read(text)["heads"]
        ]
    except (SchemaError, ValueError, TypeError, KeyError):
        return None
