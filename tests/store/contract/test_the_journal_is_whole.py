"""Every change is an event in its ticket's chain, every transaction a checkpoint, and an untouched journal has no faults."""

import json

from iamflow.store.chain import event_hash
from iamflow.store.open import SqlStore
from iamflow.store.schema import CHECKPOINTS
from iamflow.store.types import utc_text
from tests.store.conftest import Opener
from tests.store.journal_support import live
from tests.store.support import KEY, new_ticket, said


def test_an_empty_journal_is_whole(store: SqlStore) -> None:
    assert store.verify() == []
    assert list(store.export()) == []


def test_a_lived_journal_is_whole(another: Opener) -> None:
    for number, writer in enumerate(("one", "two", "one")):
        live(another(writer), 10 * number)
    assert another("three").verify() == []


def test_the_export_is_every_event_ticket_by_ticket(store: SqlStore) -> None:
    live(store, 1)
    exported = list(store.export())
    places = [(event.ticket_id, event.seq) for event in exported]
    assert places == sorted(places)
    assert exported == [event for ticket in {place[0]: None for place in places} for event in store.history(ticket)]


def test_an_export_can_be_checked_without_the_database(store: SqlStore) -> None:
    live(store, 1)
    for event in store.export():
        columns = {name: getattr(event, name) for name in event.__slots__}
        assert event_hash(KEY, columns, utc_text(event.at)) == event.hash


def test_an_export_goes_on_past_its_pages(store: SqlStore) -> None:
    store.open_new([new_ticket(number) for number in range(1234)], "rules")
    assert len(list(store.export())) == 1234
    assert store.verify() == []


def test_a_transaction_is_one_checkpoint_over_the_heads_that_it_moved(store: SqlStore) -> None:
    tickets = store.open_new([new_ticket(1), new_ticket(2)], "rules")
    with store.database.reading() as connection:
        (row,) = connection.execute(CHECKPOINTS.select())
    heads = [[ticket.id, 1, store.history(ticket.id)[0].hash] for ticket in tickets]
    assert json.loads(row.heads) == {"v": 1, "heads": heads}


def test_what_others_wrote_is_chained_as_it_is_stored(store: SqlStore) -> None:
    from dataclasses import replace

    from iamflow.engine.ports import Change

    (ticket,) = store.open_new([new_ticket()], "rules")
    hostile = "\x00 \ud800 \u202e <script> ' \" \\ é 🔑"
    event = replace(said(hostile), actor=hostile)
    store.commit([Change(before=ticket, after=ticket, events=(event,))])
    assert store.verify() == []
    assert "é 🔑" in json.loads(store.history(ticket.id)[-1].detail)["words"]
