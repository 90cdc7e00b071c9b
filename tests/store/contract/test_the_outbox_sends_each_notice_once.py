"""A notice goes out once through each channel, however often it is decided, and its ticket hears of it."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change, Sent
from iamflow.store.open import SqlStore
from tests.store.conftest import Opener
from tests.store.support import DAY, HOUR, START, first_notice, new_ticket, told


@pytest.fixture
def ticket(store: SqlStore) -> Ticket:
    (opened,) = store.open_new([new_ticket()], "rules")
    return store.commit([told(opened)]).tickets[opened.id]


def _kinds(store: SqlStore, ticket: Ticket) -> list[str]:
    return [event.kind for event in store.history(ticket.id)]


def test_a_notice_becomes_a_letter_for_every_channel(another: Opener) -> None:
    store = another(channels=("smtp", "file"))
    (opened,) = store.open_new([new_ticket()], "rules")
    store.commit([told(opened)])
    letters = store.due_letters(START, 10)
    assert [letter.channel for letter in letters] == ["smtp", "file"]
    assert {letter.notice.dedupe_key for letter in letters} == {f"t{opened.id}:notice:1"}
    assert letters[0].notice == first_notice(opened)
    event = store.history(opened.id)[-1]
    assert event.kind == "notice_queued"
    assert json.loads(event.detail) == {
        "v": 1,
        "notice": "key_deactivation",
        "dedupe_key": f"t{opened.id}:notice:1",
        "recipients": 1,
        "channels": ["smtp", "file"],
    }


def test_the_same_notice_again_is_no_second_letter(store: SqlStore, ticket: Ticket) -> None:
    store.commit([Change(before=ticket, after=ticket, notices=(first_notice(ticket),))])
    assert len(store.due_letters(START, 10)) == 1


def test_an_accepted_notice_makes_its_ticket_due_at_once(store: SqlStore, ticket: Ticket) -> None:
    (letter,) = store.due_letters(START, 10)
    assert store.ticket(str(ticket.id)).due_at == START + DAY
    store.record_sent([Sent(letter=letter, at=START + HOUR, accepted_at=START + HOUR, promised_at=START + 8 * DAY)])
    assert store.ticket(str(ticket.id)).due_at == START + HOUR
    assert _kinds(store, ticket)[-1] == "notice_accepted"
    assert not store.due_letters(START + DAY, 10)


def test_a_notice_given_up_makes_its_ticket_due_at_once(store: SqlStore, ticket: Ticket) -> None:
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START + HOUR, error="550 no such mailbox")])
    assert store.ticket(str(ticket.id)).due_at == START + HOUR
    event = store.history(ticket.id)[-1]
    assert event.kind == "notice_failed"
    assert json.loads(event.detail)["error"] == "550 no such mailbox"
    assert not store.due_letters(START + DAY, 10)


def test_a_letter_is_tried_again_when_it_is_due_again(store: SqlStore, ticket: Ticket) -> None:
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, error="451 later", retry_at=START + HOUR)])
    assert not store.due_letters(START, 10)
    (again,) = store.due_letters(START + HOUR, 10)
    assert again.attempts == 1
    assert store.ticket(str(ticket.id)).due_at == START + DAY


def test_the_same_trouble_again_is_no_further_event(store: SqlStore, ticket: Ticket) -> None:
    for _ in range(3):
        (letter,) = store.due_letters(START, 10)
        store.record_sent([Sent(letter=letter, at=START, error="451 later", retry_at=START)])
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, error="no route to host", retry_at=START)])
    assert _kinds(store, ticket).count("retry_later") == 2


def test_a_letter_that_another_process_has_sent_stays_sent(store: SqlStore, ticket: Ticket) -> None:
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, accepted_at=START)])
    store.record_sent([Sent(letter=letter, at=START + HOUR, error="too late")])
    assert "notice_failed" not in _kinds(store, ticket)
    assert store.case(ticket.id).notice.accepted_at == START


def test_other_notices_leave_the_ticket_where_it_is(store: SqlStore, ticket: Ticket) -> None:
    reminder = replace(first_notice(ticket), dedupe_key=f"t{ticket.id}:reminder:1:half")
    store.commit([Change(before=ticket, after=ticket, notices=(reminder,))])
    letter = store.due_letters(START, 10)[-1]
    store.record_sent([Sent(letter=letter, at=START, accepted_at=START)])
    assert store.ticket(str(ticket.id)).due_at == START + DAY


def test_the_age_of_the_outbox_is_that_of_its_oldest_unsent_letter(store: SqlStore, ticket: Ticket) -> None:
    assert store.outbox_age(START + HOUR) == HOUR
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, accepted_at=START)])
    assert store.outbox_age(START + HOUR) is None


def test_nothing_sent_is_nothing_written(store: SqlStore, ticket: Ticket) -> None:
    before = store.head()
    store.record_sent([])
    assert store.head() == before
