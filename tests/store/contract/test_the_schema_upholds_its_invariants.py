"""What must never be is refused by the database itself, whatever program writes to it."""

from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import Change
from iamflow.store.open import SqlStore
from iamflow.store.schema import BINDING, EVENTS, FREEZE, INTENTS, OUTBOX, SCHEDULED_RUNS, TICKETS
from tests.store.support import START, effect_on, new_ticket, told


@pytest.fixture
def ticket(store: SqlStore) -> Ticket:
    (opened,) = store.open_new([new_ticket()], "rules")
    stored = store.commit([told(opened)]).tickets[opened.id]
    return store.commit([Change(before=stored, after=stored, opens=effect_on(stored))]).tickets[opened.id]


def _refused(store: SqlStore, statement: Any) -> None:
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(statement)


def _copied(store: SqlStore, table: Any, **changed: object) -> Any:
    """Return the statement that writes a row again, but for its number."""
    with store.database.reading() as connection:
        row = connection.execute(table.select()).first()
    assert row is not None
    values = row._asdict() | changed
    if "id" not in changed:
        values.pop("id", None)
    return insert(table).values(values)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "gone"),
        ("came_from", "gone"),
        ("wanted", "coffee"),
        ("resolution", "forgotten"),
        ("confirmation", "perhaps"),
        ("closed_at", START),
        ("state", "deleted"),
        ("lease_token", "a token without a holder"),
        ("account_id", "000000000000"),
        ("username", None),
        ("parent_id", 999),
    ],
)
def test_a_ticket_is_refused(store: SqlStore, ticket: Ticket, column: str, value: object) -> None:
    _refused(store, update(TICKETS).values({column: value}))


def test_a_second_open_ticket_about_a_key_is_refused(store: SqlStore, ticket: Ticket) -> None:
    _refused(store, _copied(store, TICKETS))
    _refused(store, _copied(store, TICKETS, workflow="rotate-key", subject="another"))


def test_a_second_open_ticket_about_a_subject_is_refused(store: SqlStore, ticket: Ticket) -> None:
    _refused(store, _copied(store, TICKETS, access_key_id="AKIAANOTHER"))


def test_a_second_open_intent_is_refused(store: SqlStore, ticket: Ticket) -> None:
    _refused(store, _copied(store, INTENTS, step=2, idempotency_key="another"))


@pytest.mark.parametrize(
    ("column", "value"),
    [("effect", "delete_all_keys"), ("outcome", "perhaps"), ("outcome", "done"), ("settled_at", START)],
)
def test_an_intent_is_refused(store: SqlStore, ticket: Ticket, column: str, value: object) -> None:
    _refused(store, update(INTENTS).values({column: value}))


def test_a_second_event_in_one_place_is_refused(store: SqlStore, ticket: Ticket) -> None:
    _refused(store, _copied(store, EVENTS))
    _refused(store, update(EVENTS).where(EVENTS.c.seq == 1).values(seq=0))


def test_the_same_letter_twice_is_refused(store: SqlStore, ticket: Ticket) -> None:
    _refused(store, _copied(store, OUTBOX))


@pytest.mark.parametrize("values", [{"accepted_at": START}, {"failed_at": START}, {"available_at": None}])
def test_a_letter_is_waiting_or_accepted_or_given_up(
    store: SqlStore, ticket: Ticket, values: dict[str, object]
) -> None:
    _refused(store, update(OUTBOX).values(values))


@pytest.mark.parametrize("table", [FREEZE, BINDING])
def test_there_is_one_kill_switch_and_one_binding(store: SqlStore, table: Any) -> None:
    _refused(store, _copied(store, table, id=2))
    _refused(store, _copied(store, table, id=1))


def test_a_slot_is_run_once(store: SqlStore) -> None:
    store.claim_run("digest", "2026-11-24", "one", START)
    _refused(store, _copied(store, SCHEDULED_RUNS, instance="two"))
