"""Looking for what is due reads what is due, not what exists (DESIGN section 5), and a batch is a handful of statements."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from iamflow.domain.effect import EffectKind
from iamflow.domain.retention import Removable
from iamflow.domain.states import State
from iamflow.engine.ports import Change, Sent, TicketFilter
from iamflow.store.open import SqlStore
from tests.store.retention_support import removal
from tests.store.support import (
    ACCOUNT,
    DAY,
    LEASE,
    START,
    about,
    done,
    effect_on,
    key_id,
    moved,
    new_ticket,
    said,
    told,
)

Statement = tuple[str, Any]


def _statements(store: SqlStore, act: Callable[[], object]) -> list[Statement]:
    """Return every statement that is run meanwhile, but for BEGIN."""
    seen: list[Statement] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)
    return seen


def _plan(store: SqlStore, act: Callable[[], object]) -> str:
    """Return how SQLite goes about the statements of an act."""
    steps: list[str] = []
    for statement, parameters in _statements(store, act):
        one = parameters[0] if isinstance(parameters, list) else parameters
        with store.database.reading() as connection:
            steps += [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)]
    return "\n".join(steps)


@pytest.fixture
def full(sqlite_store: SqlStore) -> SqlStore:
    sqlite_store.open_new([new_ticket(number, due_at=START + DAY) for number in range(200)], "rules")
    return sqlite_store


def test_a_claim_walks_the_index_of_what_is_due(full: SqlStore) -> None:
    plan = _plan(full, lambda: full.claim(holder="a", now=START, limit=100, lease=LEASE))
    assert "USING INDEX ix_tickets_due (due_at>? AND due_at<?)" in plan
    assert [step for step in plan.splitlines() if "SCAN" in step] == ["SCAN chosen"]  # those that were chosen
    assert "TEMP B-TREE" not in plan


def test_what_security_hub_was_not_told_of_is_found_by_indexes(full: SqlStore) -> None:
    plan = _plan(full, lambda: full.claim_untold([ACCOUNT], now=START, limit=100, lease=LEASE))
    assert "USING INDEX ix_tickets_untold (account_id=?)" in plan
    assert "ix_hub_findings_due (due_at>? AND due_at<?)" in plan
    assert not [step for step in plan.splitlines() if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]


def test_an_idle_pass_is_one_statement(full: SqlStore) -> None:
    assert len(_statements(full, lambda: full.claim(holder="a", now=START, limit=100, lease=LEASE))) == 1


@pytest.mark.parametrize(
    "look",
    [
        lambda store: store.due_letters(START, 100),
        lambda store: store.next_due(),
        lambda store: store.outbox_age(START),
        lambda store: store.release("a"),
        lambda store: store.open_tickets([about(1), about(2)]),
        lambda store: store.recently_closed([about(1)], START),
        lambda store: store.usage([ACCOUNT], START),
        lambda store: store.totals(START),
        lambda store: store.tickets(TicketFilter(user="user-1"), limit=10),
        lambda store: store.tickets(TicketFilter(states=frozenset({"blocked"})), limit=10),
        lambda store: store.ticket(key_id(7)),
        lambda store: store.case(1),
        lambda store: store.removable(removal(Removable.EVIDENCE)),
        lambda store: store.remove(removal(Removable.EVENTS), limit=100),
        lambda store: store.history(1),
    ],
)
def test_no_look_reads_a_whole_table(full: SqlStore, look: Callable[[SqlStore], object]) -> None:
    plan = _plan(full, lambda: look(full))
    whole = [step for step in plan.splitlines() if step.startswith("SCAN") and "INDEX" not in step]
    assert not whole


def test_a_batch_is_as_many_statements_as_a_single_change(sqlite_store: SqlStore) -> None:
    tickets = sqlite_store.open_new([new_ticket(number) for number in range(101)], "rules")

    def opening(some: list[Any]) -> list[Change]:
        return [
            Change(
                before=ticket,
                after=told(ticket).after,
                notices=told(ticket).notices,
                events=(said(),),
                opens=effect_on(ticket),
            )
            for ticket in some
        ]

    single = _statements(sqlite_store, lambda: sqlite_store.commit(opening(list(tickets[:1]))))
    batch = _statements(sqlite_store, lambda: sqlite_store.commit(opening(list(tickets[1:]))))
    assert len(batch) == len(single) <= 10


def test_settling_a_batch_is_as_many_statements_as_settling_one(sqlite_store: SqlStore) -> None:
    tickets = sqlite_store.open_new([new_ticket(number) for number in range(101)], "rules")
    opened = sqlite_store.commit(
        [Change(before=t, after=t, opens=effect_on(t, EffectKind.DEACTIVATE_KEY)) for t in tickets]
    )

    def settling(some: list[Any]) -> list[Change]:
        return [
            Change(
                before=ticket,
                after=moved(ticket, State.DEACTIVATED).after,
                events=moved(ticket, State.DEACTIVATED).events,
                settles=(opened.intents[ticket.id].id, done()),
            )
            for ticket in some
        ]

    stored = list(opened.tickets.values())
    single = _statements(sqlite_store, lambda: sqlite_store.commit(settling(stored[:1])))
    batch = _statements(sqlite_store, lambda: sqlite_store.commit(settling(stored[1:])))
    assert len(batch) == len(single) <= 8


def test_a_claimed_batch_needs_three_queries_for_its_context(sqlite_store: SqlStore) -> None:
    tickets = sqlite_store.open_new([new_ticket(number) for number in range(30)], "rules")
    sqlite_store.commit([told(ticket) for ticket in tickets[:10]])
    sqlite_store.commit([moved(ticket, State.AWAITING_APPROVAL) for ticket in tickets[10:20]])
    claim = _statements(sqlite_store, lambda: sqlite_store.claim(holder="a", now=START + DAY, limit=100, lease=LEASE))
    assert len(claim) == 4


def test_recording_many_letters_is_as_many_statements_as_recording_one(sqlite_store: SqlStore) -> None:
    tickets = sqlite_store.open_new([new_ticket(number) for number in range(51)], "rules")
    sqlite_store.commit([told(ticket) for ticket in tickets])
    sent = [Sent(letter=letter, at=START, accepted_at=START) for letter in sqlite_store.due_letters(START, 100)]
    single = _statements(sqlite_store, lambda: sqlite_store.record_sent(sent[:1]))
    many = _statements(sqlite_store, lambda: sqlite_store.record_sent(sent[1:]))
    assert len(many) == len(single) <= 8
