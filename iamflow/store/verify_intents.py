"""Holds the rows of intents against the events of their opening and settling."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from iamflow.domain.errors import SchemaError
from iamflow.domain.journal import EventKind
from iamflow.engine.ports import JournalFault
from iamflow.store import documents
from iamflow.store.rows import AnyRow
from iamflow.store.types import clean, utc_text
from iamflow.store.verify_reading import text_of_time

Detail = Mapping[str, object]


@dataclass(kw_only=True, slots=True)
class IntentEvents:
    """What one ticket's events say of its intents."""

    opened: dict[object, tuple[str, Detail]] = field(default_factory=dict)
    settled: dict[object, Detail] = field(default_factory=dict)

    def take(self, kind: str, at: str, text: str) -> bool:
        """Keep what an event says of an intent. Return False where it cannot be read."""
        if kind not in {EventKind.INTENT_OPENED.value, EventKind.INTENT_SETTLED.value}:
            return True
        try:
            detail = documents.EVENT.read(text)
            intent_id = int(detail["intent"])
        except (SchemaError, ValueError, TypeError, KeyError):
            return False
        if kind == EventKind.INTENT_OPENED.value:
            self.opened[intent_id] = (at, detail)
        else:
            self.settled[intent_id] = detail
        return True


def intent_faults(where: str, found: Sequence[AnyRow], events: IntentEvents) -> Iterator[JournalFault]:
    """Find intents without an event, events without an intent, and such as disagree."""
    for row in found:
        here = f"{where} intent {row.id}"
        if row.id not in events.opened:
            yield JournalFault(where=here, sentence="no event records that it was opened")
        elif _opened(row) != _said(*events.opened[row.id]):
            yield JournalFault(where=here, sentence="it is another than the event of its opening says")
        if (row.outcome is not None) is not (row.id in events.settled):
            yield JournalFault(where=here, sentence="whether it is settled is not what the events say")
        elif _settled(row) != _said_settled(events.settled.get(row.id)):
            yield JournalFault(where=here, sentence="its outcome is another than the event of its settling says")
    rows = {row.id for row in found}
    for intent_id in dict.fromkeys([*events.opened, *events.settled]):
        if intent_id not in rows:
            yield JournalFault(where=f"{where} intent {intent_id}", sentence="its row is gone")


def said_by_row(row: AnyRow) -> Sequence[object]:
    """Return all that the events of an intent's opening and settling say of it, from its row as it stands."""
    return (*_opened(row), *_settled(row))


def _opened(row: AnyRow) -> tuple[object, ...]:
    subject = (row.effect, row.account_id, row.username, row.access_key_id, row.targets, row.document)
    return (text_of_time(row.opened_at), *subject, row.idempotency_key, row.step)


def _said(at: str, detail: Detail) -> tuple[object, ...]:
    names = ("effect", "account_id", "username", "access_key_id", "targets", "document", "idempotency_key", "step")
    return (at, *(_cleaned(detail.get(name)) for name in names))


def _settled(row: AnyRow) -> tuple[object, ...]:
    at = text_of_time(row.settled_at) if row.settled_at is not None else None
    return (row.outcome, row.request_id, row.detail, at)


def _said_settled(detail: Detail | None) -> tuple[object, ...]:
    if detail is None:
        return (None, None, None, None)
    try:
        at = utc_text(datetime.fromisoformat(str(detail.get("at"))))
    except ValueError:
        at = ""
    return (detail.get("outcome"), _cleaned(detail.get("request_id")), _cleaned(detail.get("detail")), at)


def _cleaned(value: object) -> object:
    """Return the text as a column holds it."""
    return clean(value) if isinstance(value, str) else value
