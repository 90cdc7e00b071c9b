"""Holds the rows of intents against the events of their opening and settling."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from iamflow.domain.journal import Event, EventKind
from iamflow.engine.ports import JournalFault
from iamflow.store.rows import AnyRow
from iamflow.store.types import clean

Detail = Mapping[str, object]


@dataclass(kw_only=True, slots=True)
class IntentEvents:
    """What one ticket's events say of its intents."""

    opened: dict[object, tuple[datetime, Detail]] = field(default_factory=dict)
    settled: dict[object, Detail] = field(default_factory=dict)

    def take(self, event: Event) -> bool:
        """Keep what an event says of an intent. Return False where it cannot be read."""
        if event.kind not in {EventKind.INTENT_OPENED.value, EventKind.INTENT_SETTLED.value}:
            return True
        try:
            detail = json.loads(event.detail)
        except ValueError:
            return False
        if not isinstance(detail, dict):
            return False
        if event.kind == EventKind.INTENT_OPENED.value:
            self.opened[detail.get("intent")] = (event.at, detail)
        else:
            self.settled[detail.get("intent")] = detail
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
        elif row.outcome is not None and not _agree(row, events.settled[row.id]):
            yield JournalFault(where=here, sentence="its outcome is another than the event of its settling says")
    rows = {row.id for row in found}
    for intent_id in [*events.opened, *events.settled]:
        if intent_id not in rows:
            yield JournalFault(where=f"{where} intent {intent_id}", sentence="its row is gone")


def _opened(row: AnyRow) -> tuple[object, ...]:
    return (
        row.opened_at,
        row.effect,
        row.account_id,
        row.username,
        row.access_key_id,
        row.idempotency_key,
        row.step,
    )


def _said(at: datetime, detail: Detail) -> tuple[object, ...]:
    names = ("effect", "account_id", "username", "access_key_id", "idempotency_key", "step")
    return (at, *(_cleaned(detail.get(name)) for name in names))


def _agree(row: AnyRow, detail: Detail) -> bool:
    said = (detail.get("outcome"), _cleaned(detail.get("request_id")), _cleaned(detail.get("detail")))
    try:
        at = datetime.fromisoformat(str(detail.get("at")))
    except ValueError:
        return False
    return said == (row.outcome, row.request_id, row.detail) and at == row.settled_at


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value
