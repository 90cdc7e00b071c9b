"""Finds what does not add up in the journal: edits, deletions, reorders, insertions, truncation.

Three things are held against each other: each ticket's chain of events, the intents (whose rows say no more than their
events do), and each writer's chain of checkpoints, which names the heads that each transaction left. Whoever cuts the end
off all three alike is found with an exported head.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.engine import Connection

from iamflow.domain.ids import TicketId
from iamflow.domain.journal import Event
from iamflow.engine.ports import JournalFault
from iamflow.store.chain import (
    Head,
    checkpoint_hash,
    event_hash,
    event_of,
    exported_hash,
    ticket_genesis,
    writer_genesis,
)
from iamflow.store.part import Part
from iamflow.store.rows import AnyRow
from iamflow.store.schema import CHECKPOINTS, EVENTS, INTENTS, TICKETS
from iamflow.store.verify_intents import IntentEvents, intent_faults

MOST_FAULTS = 1000
"""How many faults are listed; with another key every single hash is wrong."""

_TICKETS = 200
_CHECKPOINTS = 20


@dataclass(kw_only=True, slots=True)
class Verification:
    """One verification of the whole journal, in pages of a bounded size."""

    part: Part
    _faults: list[JournalFault] = field(default_factory=list)

    def run(self, against: Mapping[str, object] | None) -> Sequence[JournalFault]:
        """Return every fault, up to ``MOST_FAULTS``."""
        for fault in self._all(against):
            if len(self._faults) == MOST_FAULTS:
                more = f"there are more than {MOST_FAULTS} faults; was the journal written with this key?"
                self._faults.append(JournalFault(where="journal", sentence=more))
                break
            self._faults.append(fault)
        return self._faults

    def _all(self, against: Mapping[str, object] | None) -> Iterator[JournalFault]:
        yield from self._tickets()
        yield from self._orphans()
        yield from self._checkpoints()
        if against is not None:
            yield from self._exported(against)

    def _tickets(self) -> Iterator[JournalFault]:
        after = 0
        while True:
            t = TICKETS.c
            query = select(t.id, t.head_seq, t.head_hash).where(t.id > after).order_by(t.id).limit(_TICKETS)
            with self.part.database.reading() as connection:
                page = connection.execute(query).all()
                if not page:
                    return
                faults = list(self._page(connection, page))
            yield from faults
            after = page[-1].id

    def _page(self, connection: Connection, page: Sequence[AnyRow]) -> Iterator[JournalFault]:
        """Check the chains of a page of tickets, their heads and their intents."""
        ids = [row.id for row in page]
        chains = {row.id: _Chain(key=self.part.key, ticket_id=TicketId(row.id)) for row in page}
        events = select(EVENTS).where(EVENTS.c.ticket_id.in_(ids)).order_by(EVENTS.c.ticket_id, EVENTS.c.seq)
        for row in connection.execute(events, execution_options={"yield_per": 500}):
            yield from chains[row.ticket_id].take(row)
        covered = _covered(connection, chains.values())
        for row in page:
            yield from chains[row.id].end(row, covered)
        found = connection.execute(select(INTENTS).where(INTENTS.c.ticket_id.in_(ids)).order_by(INTENTS.c.id))
        intents: dict[int, list[AnyRow]] = {}
        for row in found:
            intents.setdefault(row.ticket_id, []).append(row)
        for ticket_id, chain in chains.items():
            yield from intent_faults(f"ticket {ticket_id}", intents.get(ticket_id, []), chain.intents)

    def _orphans(self) -> Iterator[JournalFault]:
        """Find events and intents of tickets that are gone."""
        for table in (EVENTS, INTENTS):
            of_ticket = table.c.ticket_id
            query = select(of_ticket).distinct().where(~select(TICKETS.c.id).where(TICKETS.c.id == of_ticket).exists())
            with self.part.database.reading() as connection:
                gone = connection.execute(query.order_by(of_ticket).limit(MOST_FAULTS)).scalars().all()
            for ticket_id in gone:
                yield JournalFault(where=f"ticket {ticket_id}", sentence=f"its row is gone, but it has {table.name}")

    def _checkpoints(self) -> Iterator[JournalFault]:
        with self.part.database.reading() as connection:
            writers = connection.execute(select(CHECKPOINTS.c.writer).distinct()).scalars().all()
        for writer in sorted(writers):
            head = Head(seq=0, hash=writer_genesis(self.part.key, writer))
            while True:
                with self.part.database.reading() as connection:
                    page = connection.execute(_after(writer, head.seq)).all()
                    if not page:
                        break
                    faults = list(_page_of_checkpoints(self.part.key, connection, page, head))
                yield from faults
                head = Head(seq=page[-1].seq, hash=page[-1].hash)

    def _exported(self, head: Mapping[str, object]) -> Iterator[JournalFault]:
        """Hold the journal against a head that was exported earlier and kept elsewhere."""
        writers, events = head.get("writers"), head.get("events")
        genuine = head.get("hash") == exported_hash(self.part.key, head)
        if not genuine or not isinstance(writers, Mapping) or not isinstance(events, int):
            sentence = "it was changed, is no head of this journal, or was made with another key"
            yield JournalFault(where="exported head", sentence=sentence)
            return
        with self.part.database.reading() as connection:
            for writer, last in sorted(writers.items()):
                c = CHECKPOINTS.c
                query = select(c.hash).where(c.writer == writer, c.seq == last["seq"])
                stored = connection.execute(query).scalar()
                where = f"checkpoint {last['seq']} of {writer}"
                if stored is None:
                    yield JournalFault(where=where, sentence="it was exported, and is gone: the journal was cut off")
                elif stored != last["hash"]:
                    yield JournalFault(
                        where=where, sentence="it is another than was exported: the journal was rewritten"
                    )


def _after(writer: str, seq: int) -> Any:  # noqa: ANN401 - a Select whose row type says nothing
    c = CHECKPOINTS.c
    return select(CHECKPOINTS).where(c.writer == writer, c.seq > seq).order_by(c.seq).limit(_CHECKPOINTS)


@dataclass(kw_only=True, slots=True)
class _Chain:
    """One ticket's events, as they are read in order."""

    key: bytes
    ticket_id: TicketId
    intents: IntentEvents = field(default_factory=IntentEvents)
    head: Head | None = None
    checkpoint: tuple[str, int] | None = None

    def take(self, row: AnyRow) -> Iterator[JournalFault]:
        event = event_of(row)
        head = self.head or ticket_genesis(self.key, self.ticket_id)
        if event.seq != head.seq + 1:
            yield self._fault(event.seq, f"it follows event {head.seq}: what was between them is gone")
        if event.prev_hash != head.hash:
            yield self._fault(event.seq, "it does not continue what comes before it")
        if not _is_genuine(self.key, event):
            yield self._fault(event.seq, "it was changed, or was not written by iamflow")
        self.head = Head(seq=event.seq, hash=event.hash)
        self.checkpoint = (row.writer, row.checkpoint)
        if not self.intents.take(event):
            yield self._fault(event.seq, "its detail cannot be read")

    def end(
        self, row: AnyRow, covered: Mapping[tuple[str, int], frozenset[tuple[int, int, str]]]
    ) -> Iterator[JournalFault]:
        """Hold the last event against the ticket's row and against the checkpoint of its transaction."""
        where = f"ticket {self.ticket_id}"
        if self.head is None or self.checkpoint is None:
            yield JournalFault(
                where=where, sentence="it has no events: they were deleted, or it was not opened by iamflow"
            )
            return
        if self.head != Head(seq=row.head_seq, hash=row.head_hash):
            sentence = f"its last event is {self.head.seq}, and should be {row.head_seq}: events were cut off or added"
            yield JournalFault(where=where, sentence=sentence)
        if (self.ticket_id, self.head.seq, self.head.hash) not in covered.get(self.checkpoint, frozenset()):
            writer, seq = self.checkpoint
            sentence = f"checkpoint {seq} of {writer} does not cover it: it was cut off or changed"
            yield self._fault(self.head.seq, sentence)

    def _fault(self, seq: int, sentence: str) -> JournalFault:
        return JournalFault(where=f"ticket {self.ticket_id} event {seq}", sentence=sentence)


def _is_genuine(key: bytes, event: Event) -> bool:
    return event_hash(key, event) == event.hash


def _covered(
    connection: Connection,
    chains: Iterator[_Chain] | Any,  # noqa: ANN401 - any iterable of chains
) -> Mapping[tuple[str, int], frozenset[tuple[int, int, str]]]:
    """Return the heads that the checkpoints of these chains' last events name."""
    wanted = sorted({chain.checkpoint for chain in chains if chain.checkpoint is not None})
    if not wanted:
        return {}
    c = CHECKPOINTS.c
    query = select(c.writer, c.seq, c.heads).where(tuple_(c.writer, c.seq).in_(wanted))
    return {(row.writer, row.seq): frozenset(_heads(row.heads) or ()) for row in connection.execute(query)}


def _heads(text: str) -> list[tuple[int, int, str]] | None:
    """Return the heads that a checkpoint's text names, None where it cannot be read."""
    try:
        return [(int(ticket_id), int(seq), str(digest)) for ticket_id, seq, digest in json.loads(text)["heads"]]
    except (ValueError, TypeError, KeyError):
        return None


def _page_of_checkpoints(
    key: bytes, connection: Connection, page: Sequence[AnyRow], head: Head
) -> Iterator[JournalFault]:
    for row in page:
        where = f"checkpoint {row.seq} of {row.writer}"
        if row.seq != head.seq + 1:
            yield JournalFault(where=where, sentence=f"it follows checkpoint {head.seq}: what was between them is gone")
        if row.prev_hash != head.hash:
            yield JournalFault(where=where, sentence="it does not continue what comes before it")
        if row.hash != checkpoint_hash(key, row._asdict()):
            yield JournalFault(where=where, sentence="it was changed, or was not written by iamflow")
        heads = _heads(row.heads)
        if heads is None:
            yield JournalFault(where=where, sentence="its heads cannot be read")
        else:
            yield from _missing(connection, where, heads)
        head = Head(seq=row.seq, hash=row.hash)


def _missing(connection: Connection, where: str, heads: Sequence[tuple[int, int, str]]) -> Iterator[JournalFault]:
    """Find events that a checkpoint names and that are gone or others by now."""
    if not heads:
        return
    e = EVENTS.c
    place = tuple_(e.ticket_id, e.seq)
    query = select(e.ticket_id, e.seq, e.hash).where(place.in_([(ticket_id, seq) for ticket_id, seq, _ in heads]))
    stored = {(row.ticket_id, row.seq): row.hash for row in connection.execute(query)}
    for ticket_id, seq, digest in heads:
        if stored.get((ticket_id, seq)) != digest:
            state = "gone" if (ticket_id, seq) not in stored else "another by now"
            yield JournalFault(where=where, sentence=f"event {seq} of ticket {ticket_id}, which it names, is {state}")
