"""A key has one open ticket at most, however often and by whomever it is reported."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from iamflow.domain.ids import UserName
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import NewTicket
from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from tests.store.conftest import Opener
from tests.store.support import ACCOUNT, DAY, OTHER, START, about, key_id, moved, new_ticket


def _end(store: SqlStore, number: int, state: State, resolution: Resolution) -> None:
    ticket = store.open_tickets([about(number)])[about(number)]
    store.commit([moved(ticket, state, closed_at=START, due_at=None, resolution=resolution)])


def test_a_ticket_is_stored_as_it_was_opened(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    assert ticket == store.ticket(str(ticket.id))
    assert ticket.state is State.OPEN
    assert ticket.version == 1


def test_opening_is_the_first_event(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "alice")
    (event,) = store.history(ticket.id)
    assert (event.seq, event.kind, event.actor, event.from_state, event.to_state) == (
        1,
        "opened",
        "alice",
        None,
        "open",
    )
    assert json.loads(event.detail)["access_key_id"] == ticket.access_key_id


def test_a_key_with_an_open_ticket_is_left_out(store: SqlStore) -> None:
    store.open_new([new_ticket(1)], "rules")
    opened = store.open_new([new_ticket(1), new_ticket(2)], "rules")
    assert [ticket.access_key_id for ticket in opened] == [key_id(2)]


def test_a_key_twice_in_one_batch_is_opened_once(store: SqlStore) -> None:
    twice = [new_ticket(1), replace(new_ticket(1), username=UserName("another"))]
    assert [ticket.username for ticket in store.open_new(twice, "rules")] == ["user-1"]


def test_whatever_the_workflow_there_is_one_open_ticket_a_key(store: SqlStore) -> None:
    store.open_new([new_ticket(1)], "rules")
    assert not store.open_new([replace(new_ticket(1), workflow="rotate-key")], "rules")


def test_two_imports_at_once_open_it_once(another: Opener) -> None:
    assert another("one").open_new([new_ticket()], "rules")
    assert not another("two").open_new([new_ticket()], "rules")


def test_imports_that_run_side_by_side_open_each_key_once(another: Opener) -> None:
    stores = [another("one"), another("two")]
    for start in range(0, 600, 200):
        tickets = [new_ticket(number) for number in range(start, start + 200)]
        together = Barrier(2)

        def take_in(store: SqlStore, tickets: list[NewTicket], together: Barrier = together) -> int:
            together.wait(30)
            return len(store.open_new(tickets, "rules"))

        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(take_in, stores, [tickets, tickets[::-1]])) == 200
    assert list(stores[0].verify()) == []


def test_an_ended_ticket_makes_room_for_another(store: SqlStore) -> None:
    store.open_new([new_ticket(1)], "rules")
    _end(store, 1, State.RESOLVED, Resolution.KEY_GONE)
    assert not store.open_tickets([about(1)])
    assert store.open_new([new_ticket(1)], "rules")


def test_recently_refused_keys_are_known_with_the_latest_ticket(store: SqlStore) -> None:
    for number, (state, resolution) in enumerate(
        [
            (State.ROLLED_BACK, Resolution.ROLLED_BACK),
            (State.CANCELLED, Resolution.CANCELLED),
            (State.CANCELLED, Resolution.REJECTED),
            (State.RESOLVED, Resolution.KEY_GONE),
        ],
        start=1,
    ):
        store.open_new([new_ticket(number)], "rules")
        _end(store, number, state, resolution)
    keys = [about(number) for number in range(1, 6)]
    assert set(store.recently_closed(keys, START)) == {about(1), about(2), about(3)}
    assert not store.recently_closed(keys, START + DAY)
    assert store.ever_rolled_back(keys) == {about(1)}


def test_accounts_are_those_with_open_tickets(store: SqlStore) -> None:
    (one, _) = store.open_new([new_ticket(1), new_ticket(2, account=OTHER)], "rules")
    assert store.accounts() == {ACCOUNT: "account 5665", OTHER: "account 9083"}
    store.commit([moved(one, State.RESOLVED, closed_at=START, due_at=None, resolution=Resolution.KEY_GONE)])
    assert store.accounts() == {OTHER: "account 9083"}


def test_newer_facts_are_written_by_a_change(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    facts = replace(ticket.facts, holds=False, as_of=START + DAY)
    store.commit([Change(before=ticket, after=replace(ticket, facts=facts))])
    assert store.open_tickets([ticket.subject])[ticket.subject].facts == facts
