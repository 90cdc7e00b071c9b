"""Retention removes what is old of tickets that have ended, nothing of any other, and the journal says what is gone."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from iamflow.domain.retention import Removable, Removed, Retention
from iamflow.domain.states import Confirmation, State
from iamflow.engine import retention
from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from iamflow.store.schema import EVENTS, METADATA, TICKETS
from tests.store.conftest import Opener
from tests.store.journal_support import live
from tests.store.retention_support import END, SOURCE_IP, ended, removal
from tests.store.support import ACCOUNT, DAY, HOUR, START, MovedClock, about, key_id, new_ticket, said

BOTH = [removal(Removable.EVIDENCE), removal(Removable.EVENTS)]


def _everything(store: SqlStore) -> str:
    """Return all text in the database."""
    with store.database.reading() as connection:
        return repr([connection.execute(select(table)).all() for table in METADATA.sorted_tables])


def test_evidence_is_gone_from_the_ticket_and_from_its_letters_and_its_hashes_stay(store: SqlStore) -> None:
    ticket = ended(store)
    assert SOURCE_IP in _everything(store)
    assert store.remove(removal(Removable.EVIDENCE), limit=10) == Removed(tickets=1)
    now = store.ticket(str(ticket.id))
    assert SOURCE_IP not in _everything(store)
    assert "owner@example.com" not in _everything(store)
    assert (now.baseline, now.progress.signals, now.progress.final_sweep) == (None, (), None)
    assert now.evidence_removed_at == END + 400 * DAY
    detail = json.loads(store.history(ticket.id)[-1].detail)
    assert detail["sentence"] == "evidence removed by retention on 2027-12-30"
    assert detail["setting"] == "retention.evidence"
    assert len(detail["evidence"]["baseline"]) == 64
    assert len(detail["evidence"]["letters"]) == 1
    assert store.verify() == []


def test_the_snapshot_of_a_user_is_evidence_too(store: SqlStore) -> None:
    ticket = ended(store)
    with store.database.writing() as connection:
        connection.execute(update(TICKETS).values(snapshot='{"v":1,"d":{"groups":["admins"]}}'))
    store.remove(removal(Removable.EVIDENCE), limit=10)
    assert "admins" not in _everything(store)
    assert len(json.loads(store.history(ticket.id)[-1].detail)["evidence"]["snapshot"]) == 64
    assert store.verify() == []


def test_events_are_gone_and_one_record_stands_for_them(store: SqlStore) -> None:
    ticket = ended(store)
    history = store.history(ticket.id)
    assert store.remove(removal(Removable.EVENTS), limit=10) == Removed(tickets=1, events=len(history))
    (record,) = store.history(ticket.id)
    assert (record.kind, record.seq, record.actor) == ("retention", len(history) + 1, "daemon")
    gone = json.loads(record.detail)["events"]
    assert (gone["from_seq"], gone["to_seq"], gone["count"]) == (1, len(history), len(history))
    assert (gone["head_before"], gone["head_after"]) == (history[0].prev_hash, history[-1].hash)
    assert store.verify() == []
    assert store.verify_newest() == []


def test_the_ticket_its_intents_and_its_past_stay(store: SqlStore) -> None:
    ticket = ended(store)
    intents = store.intents(ticket.id)
    retention.prune(store, BOTH)
    assert store.ticket(str(ticket.id)).state is State.ROLLED_BACK
    assert store.intents(ticket.id) == intents
    assert store.ever_rolled_back([about(1)]) == {about(1)}
    assert about(1) in store.recently_closed([about(1)], END - DAY)
    assert store.case(ticket.id).ticket.access_key_id == key_id(1)


def test_the_rest_of_a_pruned_journal_stays_whole_and_can_go_on(another: Opener) -> None:
    store = another("one")
    live(store, 10)
    ticket = ended(store)
    live(another("two"), 20)
    retention.prune(store, BOTH)
    assert store.verify() == []
    now = store.ticket(str(ticket.id))
    another("two").commit([Change(before=now, after=now, events=(said("a word later"),))])
    live(another("three"), 30)
    assert another("four").verify() == []


def test_evidence_can_go_after_the_events_too(store: SqlStore) -> None:
    ticket = ended(store)
    retention.prune(store, [removal(Removable.EVENTS)])
    retention.prune(store, [removal(Removable.EVIDENCE)])
    assert [event.kind for event in store.history(ticket.id)] == ["retention", "retention"]
    assert store.ticket(str(ticket.id)).baseline is None
    assert store.verify() == []


def test_a_head_that_was_exported_before_still_fits(store: SqlStore) -> None:
    live(store, 10)
    ended(store)
    before = store.head()
    retention.prune(store, BOTH)
    assert store.verify(before) == []
    assert store.verify(store.head()) == []
    assert store.head()["removed"] > 0  # type: ignore[operator] - a number


@pytest.mark.parametrize("what", Removable)
def test_nothing_is_removed_early_or_twice(store: SqlStore, what: Removable) -> None:
    ended(store)
    early = removal(what, at=END + 400 * DAY - HOUR)
    assert (store.removable(early), store.remove(early, limit=10)) == (Removed(), Removed())
    assert store.remove(removal(what), limit=10).tickets == 1
    events = store.head()["events"]
    assert store.remove(removal(what, at=END + 900 * DAY), limit=10) == Removed()
    assert store.head()["events"] == events


@pytest.mark.parametrize("what", Removable)
def test_nothing_is_removed_of_a_ticket_with_which_something_is_left_to_do(
    store: SqlStore, clock: MovedClock, what: Removable
) -> None:
    open_, leased = store.open_new([new_ticket(1), new_ticket(2)], "rules")
    assert open_.closed_at is None
    ended(store, 3, confirmation=Confirmation.PENDING)
    ended(store, 4, letter_sent=False)
    late = removal(what, at=END + 9000 * DAY)
    held = ended(store, 5)
    clock.at = late.at
    store.claim(holder="another", now=clock.at, limit=1, lease=HOUR, only=held.id)
    before = _everything(store)
    assert store.removable(late) == Removed()
    assert store.remove(late, limit=10) == Removed()
    assert _everything(store) == before
    assert leased.lease is None


def test_what_was_counted_is_what_is_removed_in_bounded_batches(store: SqlStore) -> None:
    for number in range(1, 6):
        ended(store, number)
    live(store, 10)
    expected = retention.removable(store, BOTH)
    assert expected[Removable.EVIDENCE] == Removed(tickets=5)
    assert store.remove(BOTH[0], limit=2) == Removed(tickets=2)
    assert store.removable(BOTH[0]) == Removed(tickets=3)
    retention.prune(store, BOTH[:1])
    counted = store.removable(BOTH[1])
    assert retention.prune(store, BOTH[1:])[Removable.EVENTS] == counted
    assert store.verify() == []


def test_pruning_stops_between_batches(store: SqlStore) -> None:
    ended(store)
    assert retention.prune(store, BOTH, stopping=lambda: True) == dict.fromkeys(Removable, Removed())
    assert store.verify() == []
    assert len(store.history(store.ticket(key_id(1)).id)) > 1


def test_who_read_the_ticket_before_cannot_put_back_what_is_gone(store: SqlStore) -> None:
    ticket = ended(store)
    retention.prune(store, BOTH[:1])
    stale = store.commit([Change(before=ticket, after=replace(ticket, attempts=1), events=(said(),))])
    assert stale.stale == (ticket.id,)
    assert store.ticket(str(ticket.id)).baseline is None


def test_for_ever_removes_nothing() -> None:
    assert Retention().removals(by="daemon", now=START) == ()
    (only,) = Retention(evidence=30 * DAY).removals(by="daemon", now=START)
    assert (only.what, only.closed_by) == (Removable.EVIDENCE, START - 30 * DAY)


def test_a_pruned_journal_is_exported_as_it_is(store: SqlStore) -> None:
    ended(store)
    retention.prune(store, BOTH)
    assert [event.kind for event in store.export()] == ["retention"]
    with store.database.reading() as connection:
        assert len(connection.execute(select(EVENTS)).all()) == 1
    assert ACCOUNT in _everything(store)
