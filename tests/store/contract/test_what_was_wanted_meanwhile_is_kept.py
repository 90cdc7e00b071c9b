"""A person's wish, and whatever made a ticket due, survive the daemon's own write."""

from dataclasses import replace

from iamflow.domain.states import Wanted
from iamflow.engine.ports import Change, Sent
from iamflow.store.open import SqlStore
from tests.store.support import ACCOUNT, DAY, HOUR, LEASE, START, MovedClock, new_ticket, said, told, word


def test_a_wish_that_the_writer_did_not_know_of_is_kept_and_makes_the_ticket_due(
    store: SqlStore, clock: MovedClock
) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    wish = replace(ticket, wanted=Wanted.ROLLBACK, wanted_by=word())
    wished = store.commit([Change(before=ticket, after=wish)]).tickets[ticket.id]
    unknowing = replace(wished, wanted=None, wanted_by=None)
    clock.at = START + HOUR
    applied = store.commit([Change(before=unknowing, after=replace(unknowing, due_at=START + DAY), events=(said(),))])
    kept = applied.tickets[ticket.id]
    assert kept.wanted is Wanted.ROLLBACK
    assert kept.wanted_by == word()
    assert kept.due_at == START + HOUR
    assert kept == store.ticket(str(ticket.id))


def test_a_wish_that_was_fulfilled_is_gone(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    wish = replace(ticket, wanted=Wanted.ROLLBACK, wanted_by=word())
    wished = store.commit([Change(before=ticket, after=wish)]).tickets[ticket.id]
    store.commit([Change(before=wished, after=replace(wished, wanted=None))])
    assert store.ticket(str(ticket.id)).wanted is None


def test_a_notice_accepted_during_a_look_is_not_put_off_by_it(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    store.commit([told(ticket)])
    (case,) = store.claim(holder="a", now=START + DAY, limit=1, lease=LEASE)
    (letter,) = store.due_letters(START + DAY, 1)
    store.record_sent([Sent(letter=letter, at=START + HOUR, accepted_at=START + HOUR)])
    later = replace(case.ticket, due_at=START + 9 * DAY, lease=None)
    applied = store.commit([Change(before=case.ticket, after=later)])
    assert applied.tickets[ticket.id].due_at == START + HOUR


def test_a_switch_to_enforce_during_a_look_is_not_put_off_by_it(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket(due_at=START + DAY)], "rules")
    store.note_enforcement({ACCOUNT: True}, START)
    store.commit([Change(before=ticket, after=replace(ticket, due_at=START + 2 * DAY))])
    assert store.ticket(str(ticket.id)).due_at == START


def test_an_end_stays_an_end(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket(due_at=START + DAY)], "rules")
    store.note_enforcement({ACCOUNT: True}, START)
    store.commit([Change(before=ticket, after=replace(ticket, due_at=None))])
    assert store.ticket(str(ticket.id)).due_at is None
