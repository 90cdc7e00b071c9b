"""Holds standing exemptions against what the chain of checkpoints says was granted and ended."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from iamflow.domain.errors import SchemaError
from iamflow.engine.ports import JournalFault
from iamflow.store import documents
from iamflow.store.exemptions import GRANTED, ended, granted
from iamflow.store.part import Part
from iamflow.store.rows import AnyRow
from iamflow.store.schema import CHECKPOINTS, STANDING_EXEMPTIONS
from iamflow.store.verify_reading import as_it_stands, text_of_time

_TIMES = frozenset({"until", "added_at"})


def exemption_faults(part: Part) -> Iterator[JournalFault]:
    """Find exemptions that are not as they were granted, that nobody granted or ended, or that are gone."""
    said: dict[int, Mapping[str, object]] = {}
    over: dict[int, Mapping[str, object]] = {}
    c = CHECKPOINTS.c
    with part.database.reading() as connection:
        # Their hashes are checked with every other checkpoint's.
        for text in connection.execute(select(c.heads).where(c.heads.like('%"exemption"%')).order_by(c.at)).scalars():
            note = _note(text)
            number = note.get("exemption")
            if isinstance(number, int):
                (said if "granted" in note else over)[number] = note
        rows = {row.id: row for row in connection.execute(select(*as_it_stands(connection, STANDING_EXEMPTIONS)))}
    for number in sorted({*said, *rows}):
        row = rows.get(number)
        where = f"exemption {number}"
        if row is None:
            yield JournalFault(where=where, sentence="its row is gone")
        elif said.get(number) != granted(number, _as_granted(row)):
            yield JournalFault(where=where, sentence="it is not what was granted, or was not granted with iamflow")
        elif over.get(number) != _as_ended(row):
            yield JournalFault(
                where=where, sentence="the journal and its row do not agree on whether it was ended, and by whom"
            )


def _note(text: str) -> Mapping[str, object]:
    try:
        note = documents.CHECKPOINT.read(text).get("note", {})
    except SchemaError:
        return {}
    return note if isinstance(note, dict) else {}


def _as_granted(row: AnyRow) -> Mapping[str, object]:
    values = row._asdict()
    return {name: text_of_time(values[name]) if name in _TIMES else values[name] for name in GRANTED}


def _as_ended(row: AnyRow) -> Mapping[str, object] | None:
    return None if row.ended_at is None else ended(row.id, row.ended_by, text_of_time(row.ended_at))
