"""Findings are staged in chunks and appear all at once; an older report updates nothing, an absent row proves nothing."""

import pytest
from sqlalchemy.exc import IntegrityError

from iamflow.domain.facts import Finding
from iamflow.store.bulk import write_rows
from iamflow.store.open import SqlStore
from iamflow.store.scans import _COLUMNS, _row
from iamflow.store.schema import FINDINGS
from tests.store.support import ACCOUNT, DAY, START, finding, new_ticket, scan

RULE = "key-too-old"


def _published(store: SqlStore, *found: Finding) -> None:
    number = store.begin_scan(scan())
    store.stage_findings(number, [(RULE, item) for item in found])
    store.publish_scan(number, START)


def test_a_staged_scan_is_invisible(store: SqlStore) -> None:
    number = store.begin_scan(scan())
    store.stage_findings(number, [(RULE, finding(1)), (RULE, finding(2))])
    assert not store.findings()


def test_a_published_scan_is_there_whole(store: SqlStore) -> None:
    number = store.begin_scan(scan())
    store.stage_findings(number, [(RULE, finding(1))])
    store.stage_findings(number, [(RULE, finding(2))])
    store.publish_scan(number, START)
    found = store.findings()
    assert [item.finding for item in found] == [finding(1), finding(2)]
    assert {(item.rule, item.as_of, item.source) for item in found} == {(RULE, START, "iam-audit:report.csv")}


def test_a_newer_report_takes_the_place_of_an_older_one(store: SqlStore) -> None:
    _published(store, finding(1))
    newer = finding(1, as_of=START + DAY, name="renamed")
    _published(store, newer)
    assert [item.finding for item in store.findings()] == [newer]


def test_an_older_report_updates_nothing(store: SqlStore) -> None:
    _published(store, finding(1))
    _published(store, finding(1, as_of=START - DAY, name="old name"))
    assert [item.finding for item in store.findings()] == [finding(1)]


def test_the_same_report_again_updates_nothing(store: SqlStore) -> None:
    _published(store, finding(1))
    _published(store, finding(1, name="edited"))
    assert [item.finding for item in store.findings()] == [finding(1)]


def test_a_row_that_is_absent_proves_nothing(store: SqlStore) -> None:
    _published(store, finding(1), finding(2))
    _published(store, finding(2, as_of=START + DAY))
    assert [item.finding.key_id for item in store.findings()] == [finding(1).key_id, finding(2).key_id]


def test_a_finding_that_no_longer_holds_takes_the_place_of_one_that_did_and_is_not_shown(store: SqlStore) -> None:
    _published(store, finding(1), finding(2))
    _published(store, finding(1, as_of=START + DAY, holds=False))
    assert [item.finding.key_id for item in store.findings()] == [finding(2).key_id]


def test_of_a_key_that_is_there_twice_the_first_row_counts(store: SqlStore) -> None:
    _published(store, finding(1), finding(1, as_of=START + DAY))
    assert [item.finding for item in store.findings()] == [finding(1)]


def test_findings_are_told_apart_by_rule_and_account(store: SqlStore) -> None:
    _published(store, finding(1))
    assert store.findings(rule=RULE, account=ACCOUNT)
    assert store.findings(account="payments")
    assert not store.findings(rule="another")
    assert not store.findings(account="000000000000")


def test_a_finding_names_its_open_ticket(store: SqlStore) -> None:
    _published(store, finding(1), finding(2))
    (ticket,) = store.open_new([new_ticket(2)], "rules")
    assert [item.ticket_id for item in store.findings()] == [None, ticket.id]


def test_a_finding_of_no_scan_is_refused_by_the_database(store: SqlStore) -> None:
    number = store.begin_scan(scan())
    with store.database.writing() as connection, pytest.raises(IntegrityError):
        write_rows(connection, FINDINGS, _COLUMNS, [_row(number + 1, RULE, finding(1))])
