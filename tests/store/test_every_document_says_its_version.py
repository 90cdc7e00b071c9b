"""Every JSON document in the database says which version of its shape it is; old ones stay readable, newer ones are refused by name.

``documents/`` keeps one recorded example of each version that was ever written. None is ever changed or removed: a database
may still hold such text.
"""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import Text, update

from iamflow.domain.errors import SchemaError
from iamflow.store import documents
from iamflow.store.documents import REGISTRY, Document, Entry
from iamflow.store.open import SqlStore
from iamflow.store.schema import EVENTS, METADATA, OUTBOX, TICKETS
from iamflow.store.types import ExternalText
from tests.store.journal_support import live
from tests.store.support import ALICE, START, new_ticket

RECORDED = Path(__file__).parent / "documents"
_NAME = re.compile(r"(?P<name>\w+)\.v(?P<version>\d+)\.json")

KINDS = {document.name: document for document in REGISTRY.values()}

WRITTEN_BY_NOBODY_YET = {"metric_snapshots.metrics"}


def _examples() -> list[tuple[str, int, str]]:
    found = [(_NAME.fullmatch(file.name), file) for file in sorted(RECORDED.iterdir())]
    return [
        (match["name"], int(match["version"]), file.read_text("utf-8")) for match, file in found if match is not None
    ]


@pytest.mark.parametrize(("name", "version", "text"), _examples(), ids=lambda value: str(value)[:30])
def test_each_recorded_example_is_read_and_keeps_everything_it_says(name: str, version: int, text: str) -> None:
    document = KINDS[name]
    value = document.read(text.strip())
    again = json.loads(document.write(value))
    recorded = json.loads(text)
    assert recorded["v"] == version
    assert document.read(document.write(value)) == value
    if version == document.version:
        assert _says(again, recorded)


def _says(now: object, then: object) -> bool:
    """Whether nothing that was said then is lost now; fields that came later may be there too."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _says(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(_says, now, then))
    return now == then


@pytest.mark.parametrize("document", KINDS.values(), ids=lambda document: document.name)
def test_an_example_of_every_version_is_recorded(document: Document[object] | Entry) -> None:
    recorded = {version for name, version, _ in _examples() if name == document.name}
    assert recorded == set(range(1, document.version + 1))


def test_every_column_of_json_is_in_the_registry() -> None:
    """What others wrote is ``ExternalText``; every other column of unbounded text holds documents."""
    columns = {
        f"{table.name}.{column.name}"
        for table in METADATA.sorted_tables
        for column in table.c
        if isinstance(column.type, Text) and not isinstance(column.type, ExternalText)
    }
    assert columns - WRITTEN_BY_NOBODY_YET == set(REGISTRY)


def test_all_that_is_stored_carries_its_version(store: SqlStore) -> None:
    live(store, 1)
    seen: set[str] = set()
    for place in REGISTRY:
        table, column = place.split(".")
        with store.database.reading() as connection:
            texts = connection.execute(METADATA.tables[table].select()).mappings().all()
        for row in texts:
            if row[column] is not None:
                assert json.loads(row[column])["v"] == REGISTRY[place].version
                seen.add(place)
    assert {"tickets.facts", "tickets.progress", "events.detail", "checkpoints.heads", "outbox.notice"} <= seen


def test_a_newer_document_of_a_ticket_is_refused_by_name(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], str(ALICE))
    newer = documents.PROGRESS.version + 1
    with store.database.writing() as connection:
        connection.execute(update(TICKETS).values(progress=f'{{"v":{newer},"d":{{}}}}'))
    with pytest.raises(
        SchemaError, match=rf"^ticket {ticket.id}: its Progress is of version {newer}, newer .* upgrade iamflow$"
    ):
        store.ticket(str(ticket.id))


def test_a_newer_event_or_letter_is_refused_by_name(store: SqlStore) -> None:
    live(store, 1)
    with store.database.writing() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.seq == 2).values(detail='{"v":99}'))
        connection.execute(update(OUTBOX).values(notice='{"v":99,"d":{}}', accepted_at=None, available_at=START))
    first = store.intents()[0].intent.ticket_id
    with pytest.raises(SchemaError, match=rf"event 2 of ticket {first}: its event is of version 99.* upgrade iamflow"):
        store.history(first)
    with pytest.raises(SchemaError, match=rf"letter \d+ of ticket {first}: its Notice is of version 99"):
        store.due_letters(START, 10)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"d":{}}', '{"v":0,"d":{}}', '{"v":"1","d":{}}', '{"v":1,"d":{}}', '{"v":1,"d":']
)
def test_what_is_no_such_document_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SchemaError, match=r"^ticket 7: its Owner cannot be read") as raised:
        documents.OWNER.read(text, "ticket 7")
    assert "\n" not in str(raised.value)
