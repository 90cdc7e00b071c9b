"""Whatever one thing is changed behind the program's back in the journal, ``verify`` finds it."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from iamflow.domain.retention import Removable
from iamflow.engine import retention
from iamflow.store.schema import INTENTS
from tests.store.journal_support import forged_intent, live, look, opened, tamper
from tests.store.retention_support import ended, removal

EVENT_COLUMNS = (
    "at",
    "actor",
    "kind",
    "from_state",
    "to_state",
    "detail",
    "prev_hash",
    "hash",
    "writer",
    "checkpoint",
)
INTENT_COLUMNS = tuple(column.name for column in INTENTS.c if column.name not in {"id", "ticket_id"})
CHECKPOINT_COLUMNS = ("at", "heads", "prev_hash", "hash")

VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40),
    st.integers(min_value=-3, max_value=99),
    st.just("2026-11-24T00:11:02.341906Z"),
    st.just("deactivate_key"),
    st.just("done"),
    st.just('{"intent": 1}'),
    st.just("f" * 64),
)

_copies = count()

examples = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Copier = Callable[[], Path]


@pytest.fixture(scope="session")
def journal(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("journal") / "iamflow.db"
    shutil.copy(sqlite_template, file)
    for number, writer in enumerate(("one", "two", "one")):
        with opened(file, writer=writer) as store:
            live(store, 10 * number)
            ended(store, 90 + number)
            # Of the first, evidence and history are gone; of the second, the evidence; of the third, nothing.
            kinds = ([Removable.EVIDENCE, Removable.EVENTS], [Removable.EVIDENCE], [])[number]
            retention.prune(store, [removal(what) for what in kinds])
            assert store.verify() == []
    return file


@pytest.fixture
def copy(journal: Path, tmp_path: Path) -> Copier:
    """Return a fresh copy of the journal each time."""

    def copier() -> Path:
        file = tmp_path / f"copy-{next(_copies)}.db"
        shutil.copy(journal, file)
        return file

    return copier


def _is_found(file: Path) -> bool:
    with opened(file) as store:
        found = bool(store.verify())
    file.unlink()
    return found


def _edit(file: Path, table: str, column: str, row: int, value: object) -> None:
    """Set one column of one row to another value; rows of equal value are no edit."""
    (old,) = look(file, f"SELECT rowid, {column} FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row}")  # noqa: S608 - our own names
    changed = tamper(
        file,
        (
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ? AND {column} IS NOT CAST(? AS TEXT) AND {column} IS NOT ?",  # noqa: S608 - our own names
            (value, old[0], value, value),
        ),
    )
    assume(changed == 1)
    # "" and NULL are the same absent state to the chain.
    assume(not (column in {"from_state", "to_state"} and old[1] is None and value == ""))


def _row(data: st.DataObject, file: Path, table: str, where: str = "1") -> int:
    rows = [row[0] for row in look(file, f"SELECT rowid FROM {table} WHERE {where} ORDER BY rowid")]  # noqa: S608 - our own names
    return int(str(data.draw(st.sampled_from(rows), label=f"row of {table}")))


@examples
@given(data=st.data(), column=st.sampled_from(EVENT_COLUMNS), value=VALUES)
def test_an_edited_event(copy: Copier, data: st.DataObject, column: str, value: object) -> None:
    file = copy()
    last = len(look(file, "SELECT 1 FROM events")) - 1
    _edit(file, "events", column, data.draw(st.integers(0, last), label="row"), value)
    assert _is_found(file)


@examples
@given(data=st.data(), column=st.sampled_from(INTENT_COLUMNS), value=VALUES)
def test_an_edited_intent(copy: Copier, data: st.DataObject, column: str, value: object) -> None:
    file = copy()
    last = len(look(file, "SELECT 1 FROM intents")) - 1
    _edit(file, "intents", column, data.draw(st.integers(0, last), label="row"), value)
    assert _is_found(file)


@examples
@given(data=st.data(), column=st.sampled_from(CHECKPOINT_COLUMNS), value=VALUES)
def test_an_edited_checkpoint(copy: Copier, data: st.DataObject, column: str, value: object) -> None:
    file = copy()
    last = len(look(file, "SELECT 1 FROM checkpoints")) - 1
    _edit(file, "checkpoints", column, data.draw(st.integers(0, last), label="row"), value)
    assert _is_found(file)


@examples
@given(data=st.data(), column=st.sampled_from(("head_seq", "head_hash")), value=VALUES)
def test_an_edited_head_of_a_ticket(copy: Copier, data: st.DataObject, column: str, value: object) -> None:
    file = copy()
    last = len(look(file, "SELECT 1 FROM tickets")) - 1
    _edit(file, "tickets", column, data.draw(st.integers(0, last), label="row"), value)
    assert _is_found(file)


@examples
@given(data=st.data(), table=st.sampled_from(("events", "intents", "checkpoints", "tickets")))
def test_a_deleted_row(copy: Copier, data: st.DataObject, table: str) -> None:
    file = copy()
    tamper(file, (f"DELETE FROM {table} WHERE rowid = ?", (_row(data, file, table),)))  # noqa: S608 - our own names
    assert _is_found(file)


@examples
@given(data=st.data())
def test_two_events_that_changed_places(copy: Copier, data: st.DataObject) -> None:
    file = copy()
    ticket, seq = data.draw(st.sampled_from(look(file, "SELECT ticket_id, seq FROM events WHERE seq > 1")))
    place = "UPDATE events SET seq = ? WHERE ticket_id = ? AND seq = ?"
    other = data.draw(st.integers(1, int(str(seq)) - 1), label="other")
    tamper(file, (place, (-1, ticket, seq)), (place, (seq, ticket, other)), (place, (other, ticket, -1)))
    assert _is_found(file)


@examples
@given(data=st.data())
def test_an_event_that_moved_to_another_ticket(copy: Copier, data: st.DataObject) -> None:
    file = copy()
    ticket, seq = data.draw(st.sampled_from(look(file, "SELECT ticket_id, seq FROM events")))
    other, last = data.draw(st.sampled_from(look(file, f"SELECT id, head_seq FROM tickets WHERE id <> {ticket}")))  # noqa: S608 - a number
    move = "UPDATE events SET ticket_id = ?, seq = ? WHERE ticket_id = ? AND seq = ?"
    tamper(file, (move, (other, int(str(last)) + 1, ticket, seq)))
    assert _is_found(file)


@examples
@given(data=st.data(), follow=st.booleans())
def test_an_event_that_was_put_in(copy: Copier, data: st.DataObject, *, follow: bool) -> None:
    """Even one that continues the chain, with the ticket's head moved on to it."""
    file = copy()
    ticket, last, digest = data.draw(st.sampled_from(look(file, "SELECT id, head_seq, head_hash FROM tickets")))
    forged = data.draw(st.sampled_from(["0" * 64, str(digest)]), label="hash")
    copied = (
        "INSERT INTO events SELECT ticket_id, seq + 1, at, actor, kind, from_state, to_state, detail, ?, ?, writer,"
        " checkpoint FROM events WHERE ticket_id = ? AND seq = ?"
    )
    statements: list[tuple[str, tuple[object, ...]]] = [(copied, (digest, forged, ticket, last))]
    if follow:
        statements.append(("UPDATE tickets SET head_seq = head_seq + 1, head_hash = ? WHERE id = ?", (forged, ticket)))
    tamper(file, *statements)
    assert _is_found(file)


@examples
@given(data=st.data(), follow=st.booleans())
def test_a_history_that_was_cut_off(copy: Copier, data: st.DataObject, *, follow: bool) -> None:
    """Even with the ticket's head moved back, and the intents of what was cut removed."""
    file = copy()
    ticket, seq, digest = data.draw(
        st.sampled_from(
            look(
                file,
                "SELECT e.ticket_id, e.seq, e.hash FROM events e JOIN tickets ON id = ticket_id WHERE e.seq < head_seq",
            )
        )
    )
    statements: list[tuple[str, tuple[object, ...]]] = [
        ("DELETE FROM events WHERE ticket_id = ? AND seq > ?", (ticket, seq))
    ]
    if follow:
        kept = "SELECT json_extract(detail, '$.intent') FROM events WHERE ticket_id = ? AND kind = 'intent_opened'"
        statements += [
            ("UPDATE tickets SET head_seq = ?, head_hash = ? WHERE id = ?", (seq, digest, ticket)),
            (f"DELETE FROM intents WHERE ticket_id = ? AND id NOT IN ({kept})", (ticket, ticket)),  # noqa: S608 - our own text
        ]
    tamper(file, *statements)
    assert _is_found(file)


@examples
@given(data=st.data())
def test_a_ticket_that_was_removed_with_everything_about_it(copy: Copier, data: st.DataObject) -> None:
    file = copy()
    (ticket,) = data.draw(st.sampled_from(look(file, "SELECT id FROM tickets")))
    tamper(
        file,
        *((f"DELETE FROM {table} WHERE ticket_id = ?", (ticket,)) for table in ("events", "intents", "outbox")),  # noqa: S608 - our own names
        ("DELETE FROM tickets WHERE id = ?", (ticket,)),
    )
    assert _is_found(file)


@examples
@given(data=st.data())
def test_an_intent_that_was_put_in(copy: Copier, data: st.DataObject) -> None:
    file = copy()
    row = _row(data, file, "intents", "outcome IS NOT NULL")
    tamper(file, (forged_intent("rowid = ?"), (row,)))
    assert _is_found(file)


@pytest.mark.parametrize("writer", ["one", "two"])
def test_a_cut_chain_of_checkpoints(copy: Copier, writer: str) -> None:
    file = copy()
    named = look(file, f"SELECT max(checkpoint) FROM events WHERE writer = '{writer}'")[0][0]  # noqa: S608 - our own names
    tamper(file, ("DELETE FROM checkpoints WHERE writer = ? AND seq >= ?", (writer, named)))
    assert _is_found(file)
