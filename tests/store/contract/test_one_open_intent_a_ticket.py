"""Nothing is attempted twice at a time: a ticket has one open intent at most, and every intent is an event."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.domain.ids import IntentId
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change, StoredIntent
from iamflow.store.open import SqlStore
from tests.store.support import HOUR, START, done, effect_on, moved, new_ticket, said


@pytest.fixture
def ticket(store: SqlStore) -> Ticket:
    return store.open_new([new_ticket()], "rules")[0]


def _opening(ticket: Ticket, kind: EffectKind = EffectKind.DEACTIVATE_KEY) -> Change:
    return Change(before=ticket, after=ticket, opens=effect_on(ticket, kind))


def test_an_intent_is_stored_with_its_step_and_key(store: SqlStore, ticket: Ticket) -> None:
    intent = store.commit([_opening(ticket)]).intents[ticket.id]
    assert intent.step == 1
    assert intent.idempotency_key == f"t{ticket.id}:1:deactivate_key"
    assert intent.effect == effect_on(ticket)
    assert store.intents(ticket.id) == [StoredIntent(intent=intent)]


def test_opening_a_second_one_is_stale_and_writes_nothing(store: SqlStore, ticket: Ticket) -> None:
    stored = store.commit([_opening(ticket)]).tickets[ticket.id]
    events = store.history(ticket.id)
    applied = store.commit([replace(_opening(stored), events=(said(),))])
    assert applied.stale == (ticket.id,)
    assert store.history(ticket.id) == events
    assert len(store.intents()) == 1


def test_a_settled_one_makes_room_for_the_next(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([_opening(ticket)])
    intent = first.intents[ticket.id]
    settled = store.commit(
        [Change(before=first.tickets[ticket.id], after=first.tickets[ticket.id], settles=(intent.id, done()))]
    ).tickets[ticket.id]
    second = store.commit([_opening(settled, EffectKind.DELETE_KEY)]).intents[ticket.id]
    assert second.step == 2
    assert second.idempotency_key == f"t{ticket.id}:2:delete_key"
    assert [item.outcome for item in store.intents()] == [done(), None]


def test_one_change_may_settle_one_and_open_the_next(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([_opening(ticket)])
    stored, intent = first.tickets[ticket.id], first.intents[ticket.id]
    both = Change(before=stored, after=stored, settles=(intent.id, done()), opens=effect_on(stored))
    assert store.commit([both]).intents[ticket.id].step == 2


def test_settling_what_is_not_the_open_one_is_stale(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([_opening(ticket)])
    stored = first.tickets[ticket.id]
    wrong = Change(before=stored, after=stored, settles=(IntentId(first.intents[ticket.id].id + 1), done()))
    assert store.commit([wrong]).stale == (ticket.id,)
    assert store.case(ticket.id).intent is not None


def test_settling_twice_is_stale(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([_opening(ticket)])
    stored, intent = first.tickets[ticket.id], first.intents[ticket.id]
    settled = store.commit([Change(before=stored, after=stored, settles=(intent.id, done()))]).tickets[ticket.id]
    again = Change(before=settled, after=settled, settles=(intent.id, done(kind=OutcomeKind.NOT_DONE)))
    assert store.commit([again]).stale == (ticket.id,)
    assert store.intents()[0].outcome == done()


def test_opening_and_settling_are_events_that_name_the_call(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([replace(_opening(ticket), events=(said(),))])
    stored, intent = first.tickets[ticket.id], first.intents[ticket.id]
    store.commit([Change(before=stored, after=stored, settles=(intent.id, done(START + HOUR)))])
    opened, settled = store.history(ticket.id)[-2:]
    assert opened.kind == "intent_opened"
    assert json.loads(opened.detail) == {
        "v": 1,
        "intent": intent.id,
        "effect": "deactivate_key",
        "call": "iam:UpdateAccessKey",
        "account_id": ticket.account_id,
        "username": ticket.username,
        "access_key_id": ticket.access_key_id,
        "targets": "[]",
        "document": None,
        "idempotency_key": intent.idempotency_key,
        "step": 1,
    }
    assert settled.kind == "intent_settled"
    assert json.loads(settled.detail)["outcome"] == "done"
    assert json.loads(settled.detail)["request_id"] == done().request_id


def test_an_outcome_is_told_before_the_transition_that_it_caused(store: SqlStore, ticket: Ticket) -> None:
    first = store.commit([_opening(ticket)])
    stored, intent = first.tickets[ticket.id], first.intents[ticket.id]
    store.commit([replace(moved(stored, stored.state), settles=(intent.id, done()))])
    assert [event.kind for event in store.history(ticket.id)] == [
        "opened",
        "intent_opened",
        "intent_settled",
        "transition",
    ]
