"""Lists are filtered and paged by ticket number, so that a page never repeats or skips a ticket."""

import pytest

from iamflow.domain.errors import NotFoundError
from iamflow.domain.ids import TicketId
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Owner
from iamflow.engine.ports import TicketFilter
from iamflow.store.open import SqlStore
from tests.store.support import ACCOUNT, OTHER, START, key_id, moved, new_ticket

ALL = TicketFilter(include_ended=True)


@pytest.fixture
def five(store: SqlStore) -> SqlStore:
    opened = store.open_new([new_ticket(n, account=OTHER if n == 5 else ACCOUNT) for n in range(1, 6)], "rules")
    store.commit(
        [
            moved(opened[1], State.NOTIFIED, owner=Owner(address="ana@example.com", source="tag")),
            moved(opened[2], State.DELETED, closed_at=START, resolution=Resolution.DELETED),
        ]
    )
    return store


def _users(store: SqlStore, which: TicketFilter, limit: int = 100) -> list[str]:
    return [ticket.username for ticket in store.tickets(which, limit=limit)]


def test_pages_follow_each_other_without_gap_or_repeat(five: SqlStore) -> None:
    seen: list[TicketId] = []
    while page := five.tickets(ALL, limit=2, after=seen[-1] if seen else None):
        seen += [ticket.id for ticket in page]
    assert len(seen) == 5
    assert seen == sorted(seen)


def test_a_ticket_opened_meanwhile_comes_last(five: SqlStore) -> None:
    first = five.tickets(ALL, limit=3)
    five.open_new([new_ticket(9)], "rules")
    rest = five.tickets(ALL, limit=100, after=first[-1].id)
    assert [ticket.username for ticket in rest] == ["user-4", "user-5", "user-9"]


def test_ended_tickets_are_left_out_unless_asked_for(five: SqlStore) -> None:
    assert "user-3" not in _users(five, TicketFilter())
    assert "user-3" in _users(five, ALL)


def test_a_state_that_is_asked_for_is_shown_ended_or_not(five: SqlStore) -> None:
    assert _users(five, TicketFilter(states=frozenset({"deleted", "notified"}))) == ["user-2", "user-3"]


def test_each_filter_narrows(five: SqlStore) -> None:
    assert _users(five, TicketFilter(account=OTHER)) == ["user-5"]
    assert _users(five, TicketFilter(account="account 9083")) == ["user-5"]
    assert _users(five, TicketFilter(user="user-4")) == ["user-4"]
    assert _users(five, TicketFilter(owner="ana@example.com")) == ["user-2"]
    assert _users(five, TicketFilter(workflow="delete-user")) == []
    assert _users(five, TicketFilter(account=ACCOUNT, user="user-5")) == []


def test_counts_are_by_workflow_and_state(five: SqlStore) -> None:
    assert five.counts() == {
        ("disable-key", "open"): 3,
        ("disable-key", "notified"): 1,
        ("disable-key", "deleted"): 1,
    }


def test_a_ticket_is_found_by_number_and_by_whole_key_id(five: SqlStore) -> None:
    ticket = five.ticket(key_id(2))
    assert five.ticket(str(ticket.id)) == ticket


def test_of_a_keys_tickets_the_open_one_is_meant_else_the_latest(five: SqlStore) -> None:
    ended = five.ticket(key_id(3))
    (again,) = five.open_new([new_ticket(3)], "rules")
    assert five.ticket(key_id(3)) == again
    five.commit([moved(again, State.CANCELLED, closed_at=START, resolution=Resolution.CANCELLED)])
    assert five.ticket(key_id(3)).id == again.id != ended.id


@pytest.mark.parametrize("ref", ["99", "9" * 40, "AKIA", "", "1 OR 1=1", "-1"])
def test_what_is_not_there_is_not_found(five: SqlStore, ref: str) -> None:
    with pytest.raises(NotFoundError):
        five.ticket(ref)


def test_a_case_that_is_not_there_is_not_found(five: SqlStore) -> None:
    with pytest.raises(NotFoundError):
        five.case(TicketId(99))
    with pytest.raises(NotFoundError):
        five.standing(TicketId(99))
