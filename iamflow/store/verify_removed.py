"""Holds what is missing from a ticket against the records that retention left."""

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from iamflow.engine.ports import JournalFault
from iamflow.store.removed import Record, Stretch, intents_hash
from iamflow.store.rows import AnyRow
from iamflow.store.schema import EVENTS
from iamflow.store.verify_reading import text_of_time


def count_events(connection: Connection) -> tuple[int, int]:
    """Return how many events there are, and how many are missing before the first one of each ticket."""
    e = EVENTS.c
    firsts = select(func.min(e.seq).label("seq"), func.count().label("number")).group_by(e.ticket_id).subquery()
    query = select(func.coalesce(func.sum(firsts.c.number), 0), func.coalesce(func.sum(firsts.c.seq - 1), 0))
    stored, removed = connection.execute(query).one()
    return int(stored), int(removed)


def removal_faults(where: str, row: AnyRow, removed: Record, *, had_baseline: bool) -> Iterator[JournalFault]:
    """Find marks of a removal without its record, records without their mark, and evidence that went without either."""
    marks = (
        ("evidence", row.evidence_removed_at, removed.evidence_at),
        ("events", row.events_removed_at, removed.stretch.removed_at if removed.stretch is not None else None),
    )
    for what, mark, said in marks:
        if (text_of_time(mark) if mark is not None else None) != said:
            sentence = f"that or when retention removed its {what} is not what the journal says"
            yield JournalFault(where=where, sentence=sentence)
    if (row.has_baseline or row.has_snapshot) and removed.evidence_at is not None:
        yield JournalFault(where=where, sentence="retention removed its evidence, and there is some again")
    if had_baseline and not row.has_baseline and removed.evidence_at is None:
        yield JournalFault(where=where, sentence="its baseline is gone, and retention did not remove it")


def answered_faults(where: str, key: bytes, found: Sequence[AnyRow], stretch: Stretch) -> Iterator[JournalFault]:
    """Hold the intents whose events are gone against the record that answers for them."""
    answered = [row for row in found if row.id in stretch.intents]
    if intents_hash(key, answered) != stretch.intents_hash:
        sentence = "its intents are others than when retention removed their events"
        yield JournalFault(where=where, sentence=sentence)
