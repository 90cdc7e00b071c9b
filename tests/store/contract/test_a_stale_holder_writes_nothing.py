"""A change is written only over what its author has seen, and under the lease that he holds."""

from dataclasses import replace

from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from tests.store.support import LEASE, START, effect_on, moved, new_ticket, said, told


def _claimed(store: SqlStore) -> Ticket:
    store.open_new([new_ticket()], "rules")
    return store.claim(holder="a", now=START, limit=1, lease=LEASE)[0].ticket


def test_a_change_raises_the_version_by_one(store: SqlStore) -> None:
    ticket = _claimed(store)
    applied = store.commit([moved(ticket, State.NOTIFIED)])
    assert applied.tickets[ticket.id].version == ticket.version + 1
    assert applied.tickets[ticket.id] == store.ticket(str(ticket.id))


def test_a_change_of_an_older_version_is_stale(store: SqlStore) -> None:
    ticket = _claimed(store)
    store.commit([Change(before=replace(ticket, lease=None), after=ticket, events=(said("a person was quicker"),))])
    applied = store.commit([moved(ticket, State.NOTIFIED)])
    assert applied.stale == (ticket.id,)
    assert not applied.tickets
    assert store.ticket(str(ticket.id)).state is State.OPEN


def test_a_change_under_a_lost_lease_is_stale(store: SqlStore) -> None:
    ticket = _claimed(store)
    store.claim(holder="b", now=START + LEASE, limit=1, lease=LEASE)
    assert store.commit([moved(ticket, State.NOTIFIED)]).stale == (ticket.id,)


def test_nothing_of_a_stale_change_is_written(store: SqlStore) -> None:
    ticket = _claimed(store)
    events = store.history(ticket.id)
    late = replace(told(replace(ticket, version=7)), opens=effect_on(ticket), events=(said(),))
    assert store.commit([late]).stale == (ticket.id,)
    assert store.history(ticket.id) == events
    assert not store.intents()
    assert not store.due_letters(START, 10)
    assert store.ticket(str(ticket.id)) == ticket


def test_the_others_of_a_batch_are_written(store: SqlStore) -> None:
    one, two = store.open_new([new_ticket(1), new_ticket(2)], "rules")
    applied = store.commit([moved(replace(one, version=9), State.NOTIFIED), moved(two, State.NOTIFIED)])
    assert applied.stale == (one.id,)
    assert set(applied.tickets) == {two.id}
    assert store.ticket(str(two.id)).state is State.NOTIFIED


def test_the_second_change_of_one_ticket_in_a_batch_is_stale(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    applied = store.commit([moved(ticket, State.NOTIFIED), moved(ticket, State.BLOCKED)])
    assert applied.stale == (ticket.id,)
    assert store.ticket(str(ticket.id)).state is State.NOTIFIED


def test_a_change_of_an_unknown_ticket_is_stale(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    nobodys = replace(ticket, id=ticket.id + 1)
    assert store.commit([moved(nobodys, State.NOTIFIED)]).stale == (nobodys.id,)


def test_without_a_lease_the_version_alone_counts(store: SqlStore) -> None:
    ticket = _claimed(store)
    by_a_person = moved(replace(ticket, lease=None), State.ON_HOLD)
    assert not store.commit([by_a_person]).stale
    assert store.commit([moved(ticket, State.NOTIFIED)]).stale == (ticket.id,)


def test_a_lease_that_is_not_given_up_is_kept(store: SqlStore) -> None:
    ticket = _claimed(store)
    kept = store.commit([Change(before=ticket, after=ticket, opens=effect_on(ticket))]).tickets[ticket.id]
    assert kept.lease == ticket.lease == store.ticket(str(ticket.id)).lease


def test_an_empty_batch_is_nothing(store: SqlStore) -> None:
    assert not store.commit([]).tickets
    assert store.head()["events"] == 0
