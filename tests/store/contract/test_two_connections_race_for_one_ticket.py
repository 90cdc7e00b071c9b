"""Of two processes that want the same thing at the same moment, one gets it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from iamflow.domain.states import State
from iamflow.store.open import SqlStore
from tests.store.conftest import Opener
from tests.store.support import LEASE, START, moved, new_ticket

T = TypeVar("T")
ROUNDS = 10


def _at_once(stores: list[SqlStore], act: Callable[[SqlStore], T]) -> list[T]:
    barrier = Barrier(len(stores))

    def wait_and_act(store: SqlStore) -> T:
        barrier.wait()
        return act(store)

    with ThreadPoolExecutor(len(stores)) as pool:
        return list(pool.map(wait_and_act, stores))


def test_a_ticket_is_claimed_by_one_of_two(another: Opener) -> None:
    stores = [another("one"), another("two")]
    for number in range(ROUNDS):
        stores[0].open_new([new_ticket(number)], "rules")
        claimed = _at_once(
            stores, lambda store, n=number: store.claim(holder=f"{store.writer}-{n}", now=START, limit=10, lease=LEASE)
        )
        assert sorted(len(cases) for cases in claimed) == [0, 1]


def test_many_tickets_are_shared_out_without_overlap(another: Opener) -> None:
    stores = [another("one"), another("two")]
    stores[0].open_new([new_ticket(number) for number in range(40)], "rules")
    claimed = _at_once(stores, lambda store: store.claim(holder=store.writer, now=START, limit=20, lease=LEASE))
    ids = [case.ticket.id for cases in claimed for case in cases]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 20


def test_of_two_changes_of_one_version_one_is_written(another: Opener) -> None:
    stores = [another("one"), another("two")]
    for number in range(ROUNDS):
        (ticket,) = stores[0].open_new([new_ticket(number)], "rules")
        applied = _at_once(stores, lambda store, ticket=ticket: store.commit([moved(ticket, State.NOTIFIED)]))
        assert sorted(len(one.stale) for one in applied) == [0, 1]
    assert not stores[0].verify()


def test_two_processes_under_one_name_keep_one_chain(another: Opener) -> None:
    stores = [another("cli"), another("cli")]
    for number in range(ROUNDS):
        tickets = stores[0].open_new([new_ticket(2 * number), new_ticket(2 * number + 1)], "rules")
        pairs = dict(zip(map(id, stores), tickets, strict=True))
        _at_once(stores, lambda store, pairs=pairs: store.commit([moved(pairs[id(store)], State.NOTIFIED)]))
    assert not stores[0].verify()


def test_the_same_import_twice_at_once_opens_each_key_once(another: Opener) -> None:
    stores = [another("one"), another("two")]
    tickets = [new_ticket(number) for number in range(50)]
    opened = _at_once(stores, lambda store: store.open_new(tickets, "rules"))
    assert sum(len(some) for some in opened) == 50
    assert not stores[0].verify()
