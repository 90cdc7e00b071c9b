"""The journal as a whole: its exportable head, its export, its verification (``JournalStore``).

Everything is read in pages, each a short transaction of its own, so that neither memory nor other writers depend on how
long the journal is.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.engine import Connection

from iamflow.domain.journal import Event
from iamflow.engine.ports import JournalFault
from iamflow.store.chain import event_of, exported_hash
from iamflow.store.part import Part
from iamflow.store.schema import CHECKPOINTS, EVENTS
from iamflow.store.verify import verify
from iamflow.store.verify_checkpoints import newest_checkpoint_faults
from iamflow.store.verify_removed import count_events

HEAD_VERSION = 1
"""The version of the exported head's shape."""

_PAGE = 1000


class JournalPart(Part):
    """All of ``JournalStore``."""

    def verify(self, against: Mapping[str, object] | None = None) -> Sequence[JournalFault]:
        """Check everything; see ``JournalStore.verify``."""
        return verify(self, against)

    def verify_newest(self) -> Sequence[JournalFault]:
        """Check the newest checkpoint and what it names: quick, and silent about what came earlier."""
        return newest_checkpoint_faults(self)

    def head(self) -> Mapping[str, object]:
        """Return the exportable head; see ``JournalStore.head``."""
        with self.database.reading() as connection:
            stored, removed = count_events(connection)
            content: dict[str, object] = {
                "version": HEAD_VERSION,
                "events": stored + removed,
                "removed": removed,
                "writers": _writers(connection),
            }
        return content | {"hash": exported_hash(self.key, content)}

    def export(self) -> Iterator[Event]:
        """Yield every event, ticket by ticket in order."""
        place = tuple_(EVENTS.c.ticket_id, EVENTS.c.seq)
        after = (0, 0)
        while True:
            query = select(EVENTS).where(place > after).order_by(EVENTS.c.ticket_id, EVENTS.c.seq).limit(_PAGE)
            with self.database.reading() as connection:
                page = connection.execute(query).all()
            if not page:
                return
            yield from (event_of(row) for row in page)
            after = (page[-1].ticket_id, page[-1].seq)


def _writers(connection: Connection) -> dict[str, object]:
    """Return the last checkpoint of every writer."""
    c = CHECKPOINTS.c
    last = select(c.writer, func.max(c.seq).label("seq")).group_by(c.writer).subquery()
    query = (
        select(c.writer, c.seq, c.hash)
        .join(last, (last.c.writer == c.writer) & (last.c.seq == c.seq))
        .order_by(c.writer)
    )
    return {row.writer: {"seq": row.seq, "hash": row.hash} for row in connection.execute(query)}
