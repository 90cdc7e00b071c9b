"""A journal with some of everything in it, and ways to tamper with a SQLite file behind the program's back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from iamflow.domain.states import State
from iamflow.engine.ports import Change, Sent
from iamflow.store.open import SqlStore, open_store
from iamflow.store.schema import INTENTS
from tests.store.support import ALICE, HOUR, KEY, START, MovedClock, done, effect_on, moved, new_ticket, said, told


@contextmanager
def opened(file: Path, *, writer: str = "one", key: bytes = KEY) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{file}", key=key, writer=writer, channels=("smtp",), clock=MovedClock())
    try:
        yield store
    finally:
        store.close()


def live(store: SqlStore, first: int) -> None:
    """Let three tickets live a little: notices, an intent settled, one open, a freeze, a comment."""
    tickets = store.open_new([new_ticket(number) for number in range(first, first + 3)], "rules")
    applied = store.commit([told(ticket) for ticket in tickets])
    letters = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, accepted_at=START + HOUR) for letter in letters])
    opening = [
        Change(before=ticket, after=ticket, opens=effect_on(ticket), events=(said(),))
        for ticket in applied.tickets.values()
    ]
    intents = store.commit(opening)
    one, two, three = intents.tickets.values()
    settles = (intents.intents[one.id].id, done(START + HOUR))
    moved_on = moved(one, State.DEACTIVATED)
    store.commit([Change(before=one, after=moved_on.after, settles=settles, events=moved_on.events)])
    store.set_freeze(on=True, reason="an incident", by=str(ALICE), at=START)
    store.commit([Change(before=two, after=two, events=(said("still there"), said("and again")))])
    store.commit([Change(before=three, after=three, events=(said("a third"),))])


def tamper(file: Path, *statements: tuple[str, tuple[object, ...]]) -> int:
    """Change rows as somebody with the file at hand would; return how many rows the last statement changed."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        changed = 0
        for statement, values in statements:
            changed = connection.execute(statement, values).rowcount
        return changed


def look(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.execute(query))


def forged_intent(where: str) -> str:
    """Return the statement that puts in a copy of an intent, under a number and a key of its own."""
    changed = {"id": "999", "step": "99", "idempotency_key": "'forged'"}
    names = [column.name for column in INTENTS.c]
    values = ", ".join(changed.get(name, name) for name in names)
    return f"INSERT INTO intents ({', '.join(names)}) SELECT {values} FROM intents WHERE {where}"  # noqa: S608 - our own names
