"""What is stored as a document comes back as it was; hostile text holds up nobody; old shapes stay readable."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamflow.domain.errors import SchemaError
from iamflow.domain.evidence import Activity, Baseline, Signal, SignalKind, SweepRecord, TrailEvent
from iamflow.domain.facts import LastUse
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.states import State
from iamflow.domain.ticket import Owner, Progress, Ticket
from iamflow.engine.ports import Change
from iamflow.store import documents
from iamflow.store.documents import Document
from iamflow.store.open import SqlStore
from iamflow.store.types import clean
from tests.store.support import HOUR, START, effect_on, new_ticket, said, word

HOSTILE = "\x00 \ud800\udfff \udc00 \u202e =cmd|'/c calc'!A1 <script> ' \" \\ 🔑"

TIMES = st.datetimes(timezones=st.just(UTC))
WORDS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a field's type; times are aware, mappings hold JSON."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of(*map(_values, inner))
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return st.lists(_values(inner[0]), max_size=2).map(tuple)
        return st.tuples(*map(_values, inner))
    if origin is Mapping:
        return st.dictionaries(WORDS, JSON, max_size=3)
    if is_dataclass(hint):
        return st.builds(hint, **{name: _values(found) for name, found in get_type_hints(hint).items()})
    simple = {datetime: TIMES, str: WORDS, float: st.floats(0, 1e9), int: st.integers(0, 2**53)}
    return simple[hint] if hint in simple else st.from_type(hint)


def _full(ticket: Ticket) -> Ticket:
    event = TrailEvent(event_id="e", at=START, region="us-east-1", source="iam.amazonaws.com", name="UpdateAccessKey")
    sweep = SweepRecord(run_at=START, start=START, end=START + HOUR, regions=("us-east-1",), conclusive=True)
    activity = Activity(
        source="s3.amazonaws.com",
        name="GetObject",
        region="eu-west-1",
        source_ip="10.0.0.1",
        user_agent="aws-cli",
        error_code=None,
        count=3,
        first_at=START,
        last_at=START,
    )
    return replace(
        ticket,
        user_id="AIDAEXAMPLE",
        owner=Owner(address="ana@example.com", source="tag", name="Ana"),
        came_from=State.NOTIFIED,
        deadline=START + HOUR,
        attempts=2,
        blocked_code="access",
        blocked_reason="the role cannot be assumed",
        plan_digest="d" * 64,
        progress=Progress(
            notice_round=2,
            reminders=("half",),
            keep=word(),
            final_sweep=sweep,
            signals=(Signal(kind=SignalKind.KEY_USED, sentence="used", at=START, event=event, mark="m"),),
            last_use=LastUse(at=START, service="s3", region="eu-west-1"),
        ),
        baseline=Baseline(
            taken_at=START, start=START, end=START, regions=("us-east-1",), activities=(activity,), minted=("ASIA1",)
        ),
        wanted_by=word(),
    )


def test_a_ticket_with_everything_comes_back_as_it_was(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    written = store.commit([Change(before=ticket, after=_full(ticket))]).tickets[ticket.id]
    assert store.ticket(str(ticket.id)) == written


def test_a_baseline_can_be_taken_anew_and_dropped(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    full = store.commit([Change(before=ticket, after=_full(ticket))]).tickets[ticket.id]
    store.commit([Change(before=full, after=replace(full, baseline=None))])
    assert store.ticket(str(ticket.id)).baseline is None


@pytest.mark.parametrize(
    "document",
    [
        documents.FACTS,
        documents.PROGRESS,
        documents.BASELINE,
        documents.OWNER,
        documents.IDENTITY,
        documents.WORD,
        documents.NOTICE,
        documents.FINDING,
    ],
    ids=lambda document: document.name,
)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_every_document_survives(document: Document[Any], data: st.DataObject) -> None:
    value = data.draw(_values(document.type))
    assert document.read(document.write(value)) == value


def test_hostile_text_is_stored_and_holds_up_nobody(store: SqlStore) -> None:
    one, two = store.open_new([new_ticket(1), new_ticket(2)], "rules")
    hostile = replace(
        one,
        blocked_reason=HOSTILE,
        progress=replace(one.progress, exempt_reason=HOSTILE),
        owner=Owner(address=HOSTILE, source="tag"),
    )
    notice = Notice(
        ticket_id=one.id,
        kind=NoticeKind.ATTENTION,
        recipients=(HOSTILE,),
        dedupe_key="t1:attention:1",
        context={"username": HOSTILE, "list": [HOSTILE], "none": None},
    )
    change = Change(before=one, after=hostile, notices=(notice,), opens=effect_on(one), events=(said(HOSTILE),))
    applied = store.commit([change, Change(before=two, after=two)])
    assert not applied.stale
    stored = store.ticket(str(one.id))
    assert stored.blocked_reason == clean(HOSTILE)
    assert stored.progress.exempt_reason is not None
    assert "<script>" in stored.progress.exempt_reason
    (letter,) = store.due_letters(START, 10)
    assert "🔑" in str(letter.notice.context["username"])
    assert store.verify() == []


@given(text=st.text(st.characters(exclude_categories=())))
def test_cleaned_text_can_be_stored_and_loses_nothing_else(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned
    if "\ufffd" not in cleaned:
        assert cleaned == text


def test_the_envelope_names_the_version() -> None:
    assert json.loads(documents.OWNER.write(Owner(address="a@example.com", source="tag"))) == {
        "v": 1,
        "d": {"address": "a@example.com", "source": "tag", "name": None},
    }


@dataclass(frozen=True, kw_only=True)
class _Wait:
    waited: timedelta


def test_an_old_shape_is_read_by_its_reader() -> None:
    second = Document(_Wait, version=2, readers={1: lambda old: {"waited": old["hours"] * 3600}})
    assert second.read('{"v":1,"d":{"hours":2}}') == _Wait(waited=timedelta(hours=2))
    assert second.read(second.write(_Wait(waited=HOUR))) == _Wait(waited=HOUR)


def test_a_shape_from_the_future_is_refused_in_one_line() -> None:
    with pytest.raises(SchemaError, match="newer than this iamflow knows"):
        documents.OWNER.read('{"v":2,"d":{}}')
