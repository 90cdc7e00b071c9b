"""What SQLite does for the statements of a pass: each one's plan, and whether it walks through a whole table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from benchmarks.listing import FILTERS
from benchmarks.stage import LEASE, Stage
from iamflow.domain.ids import AccountId, SubjectId, TicketId
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.engine.ports import Change


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How SQLite runs one statement."""

    work: str
    statement: str
    steps: tuple[str, ...]

    @property
    def scans(self) -> tuple[str, ...]:
        """The steps that go through a whole table or index."""
        return tuple(step for step in self.steps if step.startswith("SCAN "))


def plans(stage: Stage) -> list[Plan]:
    """Run each piece of the store's work once, and return the plan of every statement that it issued."""
    store, now = stage.store, stage.clock.now()
    accounts = [AccountId("100000000000"), AccountId("100000000007")]
    subjects = [SubjectId(f"key:AKIA{number:016d}") for number in range(100)]
    work: dict[str, Callable[[], object]] = {
        "claim": lambda: store.claim(holder="bench", now=now, limit=100, lease=LEASE),
        "claim of one": lambda: store.claim(holder="bench", now=now, limit=1, lease=LEASE, only=TicketId(1)),
        "commit": lambda: _commit(stage),
        "standing": lambda: store.standing(TicketId(1)),
        "release": lambda: store.release("bench"),
        "take_over": lambda: store.take_over("bench"),
        "next_due": store.next_due,
        "usage": lambda: store.usage(accounts, now - timedelta(hours=24)),
        "totals": lambda: store.totals(now - timedelta(days=7)),
        "accounts": store.accounts,
        "freeze": store.freeze,
        "due_letters": lambda: store.due_letters(now, 100),
        "outbox_age": lambda: store.outbox_age(now),
        "open_tickets": lambda: store.open_tickets(subjects),
        "recently_closed": lambda: store.recently_closed(subjects, now),
        "ever_rolled_back": lambda: store.ever_rolled_back(subjects),
        **{
            f"ticket list, {name}": lambda which=which: store.tickets(which, limit=50, after=TicketId(500))  # type: ignore[misc] # mypy does not see through the default
            for name, which in FILTERS.items()
        },
    }
    found = []
    for name, call in work.items():
        with _issued(stage) as statements:
            call()
        found += [_explain(stage, name, statement, parameters) for statement, parameters in statements]
    return found


def _commit(stage: Stage) -> None:
    ticket = stage.store.ticket("1")
    said = NewEvent(kind=EventKind.COMMENT, actor="bench", at=stage.clock.now(), detail={"comment": "a plan"})
    stage.store.commit([Change(before=ticket, after=replace(ticket, lease=None), events=(said,))])


@contextmanager
def _issued(stage: Stage) -> Iterator[list[tuple[str, Any]]]:
    issued: list[tuple[str, Any]] = []

    def executed(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        if statement.split(None, 1)[0] in {"SELECT", "UPDATE", "INSERT", "DELETE", "WITH"}:
            issued.append((statement, parameters[0] if many else parameters))

    engine = stage.store.database.engine
    event.listen(engine, "after_cursor_execute", executed)
    try:
        yield issued
    finally:
        event.remove(engine, "after_cursor_execute", executed)


def _explain(stage: Stage, work: str, statement: str, parameters: Any) -> Plan:
    with stage.store.database.reading() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return Plan(work=work, statement=statement, steps=tuple(str(row[3]) for row in rows))
