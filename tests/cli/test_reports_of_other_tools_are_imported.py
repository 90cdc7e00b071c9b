"""``iamflow import`` takes every format, reads AWS for what a report does not tell, and lists what waits for that with the reason."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iamflow.domain.facts import LastUse
from iamflow.domain.states import State
from tests.cli.conftest import Office, Shell, imported
from tests.sources import others
from tests.sources.others import asff
from tests.world import ACCOUNT, DAY, KEY, START, finding

EVERY_RULE = "rules: {open: {}}"


def credential_report_of(office: Office) -> Path:
    """Return the report that the simulated AWS itself writes, as a file."""
    world = office.world
    world.user("svc-billing")
    world.key(name="svc-billing")
    world.user("ana@example.com", password=True, path="/people/finance/", password_last_used=START - 3 * DAY)
    world.sandbox.seed.root(ACCOUNT, mfa=False)
    session = world.app.aws._sessions.for_reads(ACCOUNT)
    iam = session.connection.reading("iam", "us-east-1")
    iam.call("GenerateCredentialReport")
    file = office.shell.folder / "credential_report.csv"
    file.write_bytes(iam.call("GetCredentialReport")["Content"])
    return file


@pytest.mark.parametrize("office", [EVERY_RULE], indirect=True)
def test_a_credential_report_becomes_tickets_whose_keys_are_joined_live(office: Office) -> None:
    file = credential_report_of(office)
    answer = office.shell.ok("import", str(file), "--output", "json").json
    assert (answer["rows"], answer["leads"]) == (3, 1)
    assert answer["followed_up"]["confirmed"] == 1
    assert answer["followed_up"]["opened"] == 1
    tickets = office.shell.ok("ticket", "list", "--output", "json").json
    assert {(one["workflow"], one["username"], one["access_key_id"]) for one in tickets} == {
        ("disable-key", "svc-billing", KEY),
        ("delete-user", "svc-billing", None),
        ("enforce-mfa", "ana@example.com", None),
        ("root-hygiene", "<root_account>", None),
    }
    shown = office.shell.ok("ticket", "show", KEY, "--output", "json").json
    assert shown["facts"]["source"] == "live, after credential-report:credential_report.csv"
    assert office.shell.ok("finding", "list", "--rule", "key-too-old", "--output", "json").json[0]["status"] == "found"


def test_without_credentials_the_finding_waits_and_is_listed_with_the_reason(shell: Shell) -> None:
    answer = shell.ok("import", str(others.ASFF))
    assert "3 leads, for which AWS is to be read" in answer.out
    assert "0 hold (0 tickets opened" in answer.out
    assert "3 wait: no AWS credentials could be had" in answer.out
    found = shell.ok("finding", "list", "--output", "json").json
    assert [(one["username"], one["access_key_id"], one["ticket"], one["status"]) for one in found] == [
        ("sharrtest", None, None, "waiting"),
        ("test-admin2", None, None, "waiting"),
        ("foobarbaz", None, None, "waiting"),
    ]
    assert all("no AWS credentials" in one["reason"] for one in found)
    assert "waits for AWS: no AWS credentials" in shell.ok("finding", "list").out
    assert shell.ok("ticket", "list", "--output", "json").json == []


def test_a_dry_run_notes_no_lead(shell: Shell) -> None:
    answer = shell.ok("import", str(others.PROWLER_CSV), "--dry-run", "--output", "json").json
    assert (answer["leads"], answer["followed_up"]) == (3, None)
    assert shell.ok("finding", "list", "--output", "json").json == []


def test_events_say_when_a_user_was_last_seen_on_tickets_that_stand(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    file = office.shell.folder / "events.csv"
    rows = [
        "eventTime,eventName,username,account_id,account_name,resources",
        f"2026-11-20 10:00:00+00:00,GetObject,etl,{ACCOUNT},payments,",
        f"2026-11-21 10:00:00+00:00,ListBuckets,etl,{ACCOUNT},payments,",
        f"2026-11-22 10:00:00+00:00,ListBuckets,stranger,{ACCOUNT},payments,",
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    answer = office.shell.ok("import", str(file))
    assert "1 tickets: their user was seen later than was known" in answer.out
    assert "events open no tickets and end none" in answer.out
    assert "user last seen" in office.shell.ok("ticket", "show", KEY).out
    assert office.world.ticket().key_facts.seen is not None
    again = office.shell.ok("import", str(file), "--output", "json").json
    assert (again["seen"], again["opened"]) == (0, 0)
    office.world.pass_until(State.NOTIFIED)
    assert office.world.ticket().key_facts.seen is not None


@pytest.mark.parametrize("path", [others.PROWLER_OCSF, others.OCSF])
def test_a_stale_lead_of_another_account_is_nothing_that_stops_an_import(office: Office, path: Path) -> None:
    office.world.user("svc-billing")
    office.world.key(name="svc-billing")
    answer = office.shell.ok("import", str(path), "--output", "json").json
    assert answer["followed_up"]["confirmed"] >= 1
    assert office.world.ticket(KEY).username == "svc-billing"


def test_a_broken_report_of_another_tool_stores_nothing_of_the_others(shell: Shell, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(others.ASFF.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    answer = shell("import", str(others.ASFF), str(broken))
    assert answer.code == 1
    assert "broken.json: Findings[2]" in answer.complaint or "broken.json: after the findings" in answer.complaint
    assert shell.ok("finding", "list", "--output", "json").json == []


def test_a_ticket_shows_where_its_facts_come_from_and_that_a_stale_report_waits_for_aws(shell: Shell) -> None:
    known = finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=START - 200 * DAY)
    older = replace(known, facts=replace(known.facts, as_of=START - 20 * DAY, source="iam-audit:older.csv"))
    newer = replace(known.key_facts, last_use=LastUse(), as_of=START - 10 * DAY, source="iam-audit:newer.csv")
    imported(shell, [older])
    imported(shell, [replace(known, facts=newer)])
    shown = shell.ok("ticket", "show", KEY).out
    assert "known from" in shown
    assert "last use: iam-audit:older.csv, as of 2026-11-04" in shown
    assert "the report is 10 d old: nothing follows before AWS itself was read" in shown
    record = shell.ok("ticket", "show", KEY, "--output", "json").json
    assert (record["unconfirmed"], record["mode"]) == (True, "observe")
    assert record["next_step"] == "a live reading of AWS, to confirm what the report says"
    assert [(kept["field"], kept["source"]) for kept in record["facts"]["kept"]] == [
        ("last_use", "iam-audit:older.csv")
    ]


# --- from S3 --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(office: Office) -> Any:
    """A bucket of this host's own account."""
    s3 = office.world.app.aws._sessions.base().reading("s3", "us-east-1").client
    s3.create_bucket(Bucket="audits")
    return s3


def _put(office: Office, s3: Any, key: str, body: bytes) -> None:
    s3.put_object(Bucket="audits", Key=key, Body=body)
    office.world.clock.set(office.world.clock.now() + DAY / 24)


def test_the_newest_report_under_a_prefix_is_taken_from_s3(office: Office, bucket: Any) -> None:
    office.world.user()
    office.world.key()
    _put(office, bucket, "iam/old_20261101_000000.csv", b"broken")
    _put(office, bucket, "iam/report.json", others.ASFF.read_bytes())
    _put(office, bucket, "iam/notes.txt", b"read me")
    _put(office, bucket, "iam/later.csv.gz", b"\x1f\x8b\x08\x00")
    _put(office, bucket, "iam/packed.csv", b"\x1f\x8b\x08\x00" * 10)
    _put(office, bucket, "other/newest.json", others.OCSF.read_bytes())
    answer = office.shell.ok("import", "s3://audits/iam/", "--output", "json")
    assert answer.json["files"][0]["leads"] == 3
    assert [line.split(" is newer")[0] for line in answer.err.splitlines()] == [
        "s3://audits/iam/packed.csv",
        "s3://audits/iam/later.csv.gz",
        "s3://audits/iam/notes.txt",
    ]
    sources = {stored.lead.source for stored in office.world.app.store.waiting_leads()}
    assert sources <= {"security-hub:s3://audits/iam/report.json"}


def test_what_is_no_report_in_s3_is_refused_in_one_line(office: Office, bucket: Any) -> None:
    _put(office, bucket, "texts/a.txt", b"hello")
    _put(office, bucket, "broken/a.json", others.ASFF.read_bytes())
    _put(office, bucket, "broken/b.json", b"[" + json.dumps(asff()).encode()[:400])
    for url, complaint in {
        "s3://audits/empty/": "there is no object that iamflow can read",
        "s3://audits/texts/": "none of the 1 newest objects is a report",
        "s3://audits/broken/": "s3://audits/broken/b.json: [0]: it is not well-formed JSON",
        "s3://": "write s3://bucket/prefix",
        "s3://no-such-bucket/x": "NoSuchBucket",
    }.items():
        answer = office.shell("import", url)
        assert (answer.code, complaint in answer.complaint) == (1, True), answer
    assert office.world.app.store.waiting_leads() == []
