"""Findings that newer ones replaced, or that a dead import left staged, are removed a few at a time; no others are."""

import pytest
from sqlalchemy import select

from iamflow.domain.errors import ChangedError
from iamflow.domain.facts import Finding
from iamflow.domain.ids import SubjectId
from iamflow.store.open import SqlStore
from iamflow.store.scans import STAGING
from iamflow.store.schema import FINDINGS
from tests.store.support import DAY, START, MovedClock, finding, scan

RULE = "key-too-old"
OLD = [finding(number) for number in range(1, 6)]
NEW = [finding(number, as_of=START + DAY) for number in range(1, 6)]


def _staged(store: SqlStore, *found: Finding) -> int:
    number = store.begin_scan(scan())
    store.stage_findings(number, [(RULE, item) for item in found])
    return number


def _published(store: SqlStore, *found: Finding) -> int:
    number = _staged(store, *found)
    store.publish_scan(number, START)
    return number


def _rows(store: SqlStore) -> list[tuple[int, str]]:
    """Return scan and key of every finding that is stored."""
    with store.database.reading() as connection:
        query = select(FINDINGS.c.scan_id, FINDINGS.c.subject).order_by(*FINDINGS.primary_key)
        return [(row.scan_id, row.subject) for row in connection.execute(query)]


def _keys(*found: Finding) -> list[SubjectId]:
    return [item.subject for item in found]


def test_what_was_replaced_goes_key_by_key_and_what_is_shown_stays(store: SqlStore) -> None:
    _published(store, *OLD)
    newer = _published(store, *NEW[:4])
    last = store.clear_superseded(newer, after=None, limit=3)
    assert last == NEW[2].subject
    assert len(_rows(store)) == 4 + 2
    last = store.clear_superseded(newer, after=last, limit=3)
    assert last == NEW[3].subject
    assert store.clear_superseded(newer, after=last, limit=3) is None
    assert [item.finding for item in store.findings()] == [*NEW[:4], OLD[4]]
    assert len(_rows(store)) == 4 + 1


def test_an_older_report_that_comes_late_leaves_nothing_behind(store: SqlStore) -> None:
    newer = _published(store, *NEW)
    late = _published(store, *OLD)
    store.clear_superseded(late, after=None, limit=10)
    assert _rows(store) == [(newer, key) for key in _keys(*NEW)]


def test_what_a_finding_that_no_longer_holds_replaced_goes_and_does_not_come_back(store: SqlStore) -> None:
    _published(store, OLD[0])
    gone = _published(store, finding(1, as_of=START + DAY, holds=False))
    store.clear_superseded(gone, after=None, limit=10)
    _published(store, OLD[0])
    assert store.findings() == []


def test_an_import_that_has_said_nothing_for_long_is_given_up(store: SqlStore, clock: MovedClock) -> None:
    published = _published(store, OLD[0])
    dead = _staged(store, *NEW)
    clock.at += 2 * STAGING
    assert [store.clear_unpublished(2) for _ in range(4)] == [2, 2, 1, 0]
    assert _rows(store) == [(published, OLD[0].subject)]
    with pytest.raises(ChangedError, match="import the file again"):
        store.stage_findings(dead, [(RULE, NEW[0])])
    with pytest.raises(ChangedError, match="import the file again"):
        store.publish_scan(dead, START)


def test_an_import_that_goes_on_is_left_alone_however_long_it_takes(store: SqlStore, clock: MovedClock) -> None:
    alive = _staged(store, *NEW)
    for _ in range(5):
        clock.at += STAGING / 2
        store.stage_findings(alive, [])
        assert store.clear_unpublished(10) == 0
    store.publish_scan(alive, clock.at)
    assert [item.finding for item in store.findings()] == NEW
