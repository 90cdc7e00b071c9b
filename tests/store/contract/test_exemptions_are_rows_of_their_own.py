"""Who exempted what until when is on record, and when that ended."""

from dataclasses import replace

from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.states import State
from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from iamflow.store.schema import EXEMPTIONS
from tests.store.support import DAY, HOUR, START, MovedClock, moved, new_ticket, waiting


def _rows(store: SqlStore) -> list[tuple[object, ...]]:
    e = EXEMPTIONS.c
    with store.database.reading() as connection:
        query = EXEMPTIONS.select().with_only_columns(e.granted_by, e.until, e.reason, e.ended_at).order_by(e.id)
        return [tuple(row) for row in connection.execute(query)]


def test_an_exemption_begins_and_ends(store: SqlStore, clock: MovedClock) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    said = NewEvent(kind=EventKind.TRANSITION, actor="os:alice", at=START, to_state=State.EXEMPT)
    exempt = replace(
        ticket, state=State.EXEMPT, progress=waiting(exempt_until=START + DAY, exempt_reason="a partner's key")
    )
    stored = store.commit([Change(before=ticket, after=exempt, events=(said,))]).tickets[ticket.id]
    assert _rows(store) == [("os:alice", START + DAY, "a partner's key", None)]
    still = store.commit([Change(before=stored, after=replace(stored, attempts=1))]).tickets[ticket.id]
    assert len(_rows(store)) == 1
    clock.at = START + HOUR
    reopened = store.commit([moved(still, State.OPEN)]).tickets[ticket.id]
    assert _rows(store)[0][-1] == START + HOUR
    store.commit([Change(before=reopened, after=replace(reopened, state=State.EXEMPT), events=(said,))])
    assert len(_rows(store)) == 2
