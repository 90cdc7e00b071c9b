"""Finds what does not add up in the journal: edits, deletions, reorders, insertions, truncation.

Three things are held against each other: each ticket's chain of events, the intents (whose rows say no more than their
events do), and each writer's chain of checkpoints, which names the heads that each transaction left. Whoever cuts the end
off all three alike is found with an exported head.

Everything is read in pages, each a short transaction of its own. Nothing that is stored is taken for what it should be:
times are read as they stand, and what cannot be read is a fault. What retention removed is accepted where its record, under
the journal's key, stands at the end of just that stretch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.engine import Connection

from iamflow.domain.ids import TicketId
from iamflow.domain.journal import EventKind
from iamflow.engine.ports import JournalFault
from iamflow.store.chain import Head, event_hash, exported_hash, ticket_genesis
from iamflow.store.part import Part
from iamflow.store.removed import Record, record_of
from iamflow.store.rows import AnyRow
from iamflow.store.schema import CHECKPOINTS, EVENTS, INTENTS, TICKETS
from iamflow.store.verify_checkpoints import Transaction, checkpoint_faults, named_by
from iamflow.store.verify_exemptions import exemption_faults
from iamflow.store.verify_intents import IntentEvents, intent_faults
from iamflow.store.verify_reading import as_it_stands, text_of_time
from iamflow.store.verify_removed import answered_faults, count_events, removal_faults

MOST_FAULTS = 1000
"""How many faults are listed; with another key every single hash is wrong."""

_PAGE = 200


def verify(part: Part, against: Mapping[str, object] | None) -> Sequence[JournalFault]:
    """Return every fault, up to ``MOST_FAULTS``."""
    faults: list[JournalFault] = []
    for fault in _all(part, against):
        if len(faults) == MOST_FAULTS:
            more = f"there are more than {MOST_FAULTS} faults; was the journal written with this key?"
            return [*faults, JournalFault(where="journal", sentence=more)]
        faults.append(fault)
    return faults


def _all(part: Part, against: Mapping[str, object] | None) -> Iterator[JournalFault]:
    yield from _ticket_faults(part)
    yield from _orphans(part)
    yield from checkpoint_faults(part)
    yield from exemption_faults(part)
    if against is not None:
        yield from _exported_faults(part, against)


def _ticket_faults(part: Part) -> Iterator[JournalFault]:
    t = TICKETS.c
    after = 0
    while True:
        with part.database.reading() as connection:
            marks = [column for column in as_it_stands(connection, TICKETS) if column.name.endswith("_removed_at")]
            columns = (
                t.id,
                t.head_seq,
                t.head_hash,
                t.baseline.is_not(None).label("has_baseline"),
                t.snapshot.is_not(None).label("has_snapshot"),
                *marks,
            )
            query = select(*columns).where(t.id > after).order_by(t.id).limit(_PAGE)
            page = connection.execute(query).all()
            faults = list(_page_faults(part, connection, page))
        if not page:
            return
        yield from faults
        after = page[-1].id


def _page_faults(part: Part, connection: Connection, page: Sequence[AnyRow]) -> Iterator[JournalFault]:
    """Check the chains of a page of tickets, their heads and their intents."""
    ids = [row.id for row in page]
    chains = {row.id: _Chain(key=part.key, ticket_id=TicketId(row.id)) for row in page}
    of_page = EVENTS.c.ticket_id.in_(ids)
    events = select(*as_it_stands(connection, EVENTS)).where(of_page).order_by(EVENTS.c.ticket_id, EVENTS.c.seq)
    for row in connection.execute(events, execution_options={"yield_per": 500}):
        yield from chains[row.ticket_id].take(row)
    named = named_by(connection, {end.transaction for chain in chains.values() for end in chain.ends()})
    intents: dict[int, list[AnyRow]] = {ticket_id: [] for ticket_id in ids}
    found = select(*as_it_stands(connection, INTENTS)).where(INTENTS.c.ticket_id.in_(ids)).order_by(INTENTS.c.id)
    for row in connection.execute(found):
        intents[row.ticket_id].append(row)
    for row in page:
        chain = chains[row.id]
        yield from chain.end_faults(row, named)
        where, kept = f"ticket {row.id}", intents[row.id]
        yield from removal_faults(where, row, chain.removed, had_baseline=chain.had_baseline)
        if chain.removed.stretch is not None:
            yield from answered_faults(where, part.key, kept, chain.removed.stretch)
            kept = [intent for intent in kept if intent.id not in chain.removed.stretch.intents]
        yield from intent_faults(where, kept, chain.intents)


def _orphans(part: Part) -> Iterator[JournalFault]:
    """Find events and intents of tickets that are gone."""
    for table in (EVENTS, INTENTS):
        of_ticket = table.c.ticket_id
        query = select(of_ticket).distinct().where(~select(TICKETS.c.id).where(TICKETS.c.id == of_ticket).exists())
        with part.database.reading() as connection:
            gone = connection.execute(query.order_by(of_ticket).limit(MOST_FAULTS)).scalars().all()
        for ticket_id in gone:
            yield JournalFault(where=f"ticket {ticket_id}", sentence=f"its row is gone, but it has {table.name}")


def _exported_faults(part: Part, head: Mapping[str, object]) -> Iterator[JournalFault]:
    """Hold the journal against a head that was exported earlier and kept elsewhere."""
    writers, events = head.get("writers"), head.get("events")
    if not _is_genuine(part.key, head) or not isinstance(writers, Mapping) or not isinstance(events, int):
        sentence = "it was changed, is no head of this journal, or was made with another key"
        yield JournalFault(where="exported head", sentence=sentence)
        return
    c = CHECKPOINTS.c
    with part.database.reading() as connection:
        stored, removed = count_events(connection)
        if stored + removed < events:
            sentence = f"it counts {events} events, and {stored + removed} are left or were removed by retention: it was cut off"
            yield JournalFault(where="exported head", sentence=sentence)
        for writer, last in sorted(writers.items()):
            where = f"checkpoint {last['seq']} of {writer}"
            found = connection.execute(select(c.hash).where(c.writer == writer, c.seq == last["seq"])).scalar()
            if found is None:
                yield JournalFault(where=where, sentence="it was exported, and is gone: the journal was cut off")
            elif found != last["hash"]:
                yield JournalFault(where=where, sentence="it is another than was exported: the journal was rewritten")


def _is_genuine(key: bytes, head: Mapping[str, object]) -> bool:
    try:
        return head.get("hash") == exported_hash(key, head)
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    """The last event of one transaction in a ticket's chain; that transaction's checkpoint must name it."""

    transaction: Transaction
    head: Head


@dataclass(kw_only=True, slots=True)
class _Chain:
    """One ticket's events, as they are read in order."""

    key: bytes
    ticket_id: TicketId
    intents: IntentEvents = field(default_factory=IntentEvents)
    removed: Record = Record()  # noqa: RUF009 - it is frozen
    had_baseline: bool = False
    _last: _End | None = None
    _ends: list[_End] = field(default_factory=list)

    def take(self, row: AnyRow) -> Iterator[JournalFault]:
        """Check one event against the one before it."""
        if not isinstance(row.seq, int):
            yield self._fault(row.seq, "its number is none")
            return
        self.removed = record_of(self.key, row) or self.removed
        self.had_baseline = self.had_baseline or row.kind == EventKind.BASELINE.value
        head = self._last.head if self._last is not None else self._beginning(row)
        if row.seq != head.seq + 1:
            yield self._fault(row.seq, f"it follows event {head.seq}: what was between them is gone")
        if row.prev_hash != head.hash:
            yield self._fault(row.seq, "it does not continue what comes before it")
        at = text_of_time(row.at)
        if row.hash != event_hash(self.key, row._asdict(), at):
            yield self._fault(row.seq, "it was changed, or was not written by iamflow")
        if not self.intents.take(row.kind, at, row.detail):
            yield self._fault(row.seq, "its detail cannot be read")
        end = _End(transaction=(row.writer, row.checkpoint), head=Head(seq=row.seq, hash=row.hash))
        if self._last is not None and self._last.transaction != end.transaction:
            self._ends.append(self._last)
        self._last = end

    def _beginning(self, first: AnyRow) -> Head:
        """Return what the first event must continue: the genesis, or what retention has removed before just this record."""
        start, gone = ticket_genesis(self.key, self.ticket_id), self.removed.stretch
        if gone is None or gone.to_seq != first.seq - 1 or gone.head_before != start.hash:
            return start
        return Head(seq=gone.to_seq, hash=gone.head_after)

    def ends(self) -> Iterable[_End]:
        """Return the last event of each transaction."""
        return self._ends if self._last is None else [*self._ends, self._last]

    def end_faults(
        self, row: AnyRow, named: Mapping[Transaction, frozenset[tuple[int, int, str]]]
    ) -> Iterator[JournalFault]:
        """Hold the ends against the ticket's row and against the checkpoints of their transactions."""
        if self._last is None:
            sentence = "it has no events: they were deleted, or it was not opened by iamflow"
            yield JournalFault(where=f"ticket {self.ticket_id}", sentence=sentence)
            return
        last = self._last.head
        if last != Head(seq=row.head_seq, hash=row.head_hash):
            sentence = (
                f"its last event is {last.seq}, and should be {row.head_seq}: events were cut off, added or changed"
            )
            yield JournalFault(where=f"ticket {self.ticket_id}", sentence=sentence)
        for end in self.ends():
            if (self.ticket_id, end.head.seq, end.head.hash) not in named.get(end.transaction, frozenset()):
                writer, seq = end.transaction
                yield self._fault(end.head.seq, f"checkpoint {seq} of {writer} does not name it")

    def _fault(self, seq: object, sentence: str) -> JournalFault:
        return JournalFault(where=f"ticket {self.ticket_id} event {seq}", sentence=sentence)
