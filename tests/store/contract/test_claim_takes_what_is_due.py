"""A claim takes what is due, longest due first, and nobody else's."""

from dataclasses import replace

from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from tests.store.conftest import Opener
from tests.store.support import DAY, HOUR, LEASE, START, new_ticket


def test_the_longest_due_come_first(store: SqlStore) -> None:
    store.open_new([new_ticket(n, due_at=START - n * HOUR) for n in (1, 3, 2)], "rules")
    cases = store.claim(holder="a", now=START, limit=2, lease=LEASE)
    assert [case.ticket.username for case in cases] == ["user-3", "user-2"]


def test_what_is_not_due_is_left_alone(store: SqlStore) -> None:
    store.open_new([new_ticket(1, due_at=START + HOUR)], "rules")
    assert not store.claim(holder="a", now=START, limit=10, lease=LEASE)
    assert store.next_due() == START + HOUR
    assert len(store.claim(holder="a", now=START + HOUR, limit=10, lease=LEASE)) == 1


def test_what_never_falls_due_is_never_claimed(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    store.commit([Change(before=ticket, after=replace(ticket, due_at=None))])
    assert not store.claim(holder="a", now=START + 1000 * DAY, limit=10, lease=LEASE)
    assert store.next_due() is None


def test_another_holders_ticket_is_passed_over_until_its_lease_expires(store: SqlStore) -> None:
    store.open_new([new_ticket()], "rules")
    (case,) = store.claim(holder="a", now=START, limit=10, lease=LEASE)
    assert case.ticket.lease is not None
    assert case.ticket.lease.until == START + LEASE
    assert not store.claim(holder="b", now=START + LEASE / 2, limit=10, lease=LEASE)
    (taken,) = store.claim(holder="b", now=START + LEASE, limit=10, lease=LEASE)
    assert taken.ticket.lease is not None
    assert taken.ticket.lease.holder == "b"
    assert taken.ticket.lease.token != case.ticket.lease.token


def test_a_holder_may_claim_its_own_ticket_anew_and_its_older_claim_is_void(store: SqlStore) -> None:
    store.open_new([new_ticket()], "rules")
    (first,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    (second,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    assert store.commit([Change(before=first.ticket, after=first.ticket)]).stale == (first.ticket.id,)
    assert not store.commit([Change(before=second.ticket, after=second.ticket)]).stale


def test_one_ticket_by_number_is_claimed_due_or_not(store: SqlStore) -> None:
    first, second = store.open_new([new_ticket(1), new_ticket(2, due_at=START + DAY)], "rules")
    (case,) = store.claim(holder="a", now=START, limit=10, lease=LEASE, only=second.id)
    assert case.ticket.id == second.id
    assert not store.claim(holder="b", now=START, limit=10, lease=LEASE, only=second.id)
    assert store.ticket(str(first.id)).lease is None


def test_released_leases_are_free_at_once(store: SqlStore) -> None:
    store.open_new([new_ticket(1), new_ticket(2)], "rules")
    store.claim(holder="a", now=START, limit=10, lease=LEASE)
    assert store.release("b") == 0
    assert store.release("a") == 2
    assert len(store.claim(holder="b", now=START, limit=10, lease=LEASE)) == 2


def test_a_successor_takes_over_every_lease_but_its_own(store: SqlStore) -> None:
    store.open_new([new_ticket(1), new_ticket(2)], "rules")
    store.claim(holder="dead", now=START, limit=1, lease=LEASE)
    (own,) = store.claim(holder="new", now=START, limit=1, lease=LEASE)
    assert store.take_over("new") == 1
    assert store.ticket(str(own.ticket.id)).lease == own.ticket.lease


def test_a_claim_leaves_the_version_alone(store: SqlStore) -> None:
    store.open_new([new_ticket()], "rules")
    (case,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    assert case.ticket.version == 1


def test_another_connection_sees_the_lease(another: Opener) -> None:
    one, two = another("one"), another("two")
    one.open_new([new_ticket()], "rules")
    assert len(one.claim(holder="one", now=START, limit=10, lease=LEASE)) == 1
    assert not two.claim(holder="two", now=START, limit=10, lease=LEASE)
