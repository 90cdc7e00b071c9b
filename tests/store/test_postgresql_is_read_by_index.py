"""Among 100,000 tickets of which few are due, PostgreSQL reads those that matter, however often it is asked.

What is measured is what the server counts while the production queries run: often enough for the driver to prepare them,
and for the server to plan them without knowing their values.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, event, text

from iamflow.domain.ids import TicketId
from iamflow.domain.states import State
from iamflow.engine.ports import TicketFilter
from iamflow.store.open import SqlStore, open_store
from iamflow.store.schema import METADATA, TICKETS
from tests.postgresql import Cluster, database_of
from tests.store.support import ACCOUNT, DAY, KEY, START, MovedClock, about, build, key_id, new_ticket

Look = Callable[[SqlStore], object]

MANY, DUE, OPEN = 100_000, 10, 10_000
TIMES = 12
"""The driver prepares a query the sixth time, and from its sixth run then the server may plan it for any values."""
PAGE = 50
PLANNING = 2
"""Rows that the planner itself reads: the least and the greatest value of an index."""


@pytest.fixture(scope="module")
def crowded(cluster: Cluster) -> Iterator[SqlStore]:
    """A store with one ticket copied many times: the first few due, as many again open and due later, the rest ended."""
    with cluster.empty() as url:
        build(url)
        with closing(open_store(url, key=KEY, writer="one", channels=("smtp",), clock=MovedClock())) as store:
            store.open_new([new_ticket(0, due_at=START)], "rules")
            later = f"'{START.isoformat()}'::timestamptz + interval '1 day' * n / 1000"
            copied = {
                "id": "n + 1",
                "access_key_id": "'AKIA' || lpad(n::text, 16, '0')",
                "subject": "'AKIA' || lpad(n::text, 16, '0')",
                "username": "'user-' || n",
                "due_at": f"CASE WHEN n < {DUE} THEN due_at WHEN n < {OPEN} THEN {later} END",
                "state": f"CASE WHEN n < {OPEN} THEN state ELSE '{State.DELETED.value}' END",
                "hub_version": "version",
                "closed_at": f"CASE WHEN n >= {OPEN} THEN opened_at END",
            }
            columns = [column.name for column in TICKETS.columns]
            values = ", ".join(copied.get(name, name) for name in columns)
            cluster.run(
                f"INSERT INTO tickets ({', '.join(columns)}) SELECT {values} FROM tickets, generate_series(1, {MANY - 1}) AS n",  # noqa: S608
                "ANALYZE",
                database=database_of(url),
            )
            yield store


def _read(store: SqlStore, tables: tuple[Table, ...]) -> tuple[int, int]:
    """Return how many rows were read so far: by scans of whole tables, and by way of an index."""
    counters = text(
        "SELECT coalesce(sum(seq_tup_read), 0), coalesce(sum(idx_tup_fetch), 0) FROM pg_stat_user_tables "
        "WHERE relname = ANY(:names)"
    )
    with store.database.reading() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with store.database.reading() as connection:
        whole, indexed = connection.execute(counters, {"names": [table.name for table in tables]}).one()
    return int(whole), int(indexed)


def _claim(store: SqlStore) -> object:
    claimed = store.claim(holder="a", now=START, limit=100, lease=timedelta(minutes=5))
    assert len(claimed) == DUE
    return store.release("a")


def _tell_nothing(store: SqlStore) -> object:
    """Look for what Security Hub was not told of, when one ticket of all has changed, and then none."""
    return store.claim_untold([ACCOUNT], now=START, limit=100, lease=timedelta(minutes=5))


LOOKS: dict[str, tuple[Look, int]] = {
    "claim and release": (_claim, DUE * 8),
    "idle claim": (lambda store: store.claim(holder="a", now=START - DAY, limit=100, lease=timedelta(minutes=5)), 0),
    "next due": (lambda store: store.next_due(), 1),
    "first page": (lambda store: store.tickets(TicketFilter(), limit=PAGE), PAGE),
    "later page": (lambda store: store.tickets(TicketFilter(), limit=PAGE, after=TicketId(5_000)), PAGE),
    "blocked": (lambda store: store.tickets(TicketFilter(states=frozenset({State.BLOCKED})), limit=PAGE), PAGE),
    "of a user": (lambda store: store.tickets(TicketFilter(user="user-99999"), limit=PAGE), PAGE),
    "by key": (lambda store: store.ticket(key_id(77)), 2),
    "letters": (lambda store: store.due_letters(START, 100), 0),
    "age of the outbox": (lambda store: store.outbox_age(START), 0),
    "nothing to tell Security Hub": (_tell_nothing, 4),
    "open tickets of keys": (lambda store: store.open_tickets([about(1), about(2)]), 2),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_no_more_than_what_it_is_about(crowded: SqlStore, name: str) -> None:
    look, most = LOOKS[name]
    big = tuple(METADATA.tables[name] for name in ("tickets", "events", "intents", "outbox", "findings"))
    whole, indexed = _read(crowded, big)
    for _ in range(TIMES):
        look(crowded)
    now_whole, now_indexed = _read(crowded, big)
    assert now_whole - whole == 0
    assert now_indexed - indexed <= (most + PLANNING) * TIMES


def test_the_plan_of_a_claim_walks_the_index_of_what_is_due(crowded: SqlStore) -> None:
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        seen.append((statement, parameters))

    event.listen(crowded.database.engine, "before_cursor_execute", note)
    crowded.claim(holder="a", now=START - DAY, limit=100, lease=timedelta(minutes=5))
    event.remove(crowded.database.engine, "before_cursor_execute", note)
    ((statement, parameters),) = seen
    with crowded.database.reading() as connection:
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
    assert "Index Scan using ix_tickets_due" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
