"""Each format is known by its content, and says what it can: users and root users whole, and leads where it names no keys."""

import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamflow.domain.root import ROOT_USER
from iamflow.engine.ports import FileReport
from iamflow.sources import format_in, open_report
from tests.sources import others
from tests.sources.others import asff, ocsf, prowler, write

NOW = datetime(2026, 12, 2, tzinfo=UTC)
SVC = "arn:aws:iam::562458925665:user/svc-billing"


def leads(report: FileReport) -> list[tuple[str, str]]:
    return sorted((lead.rule.value, lead.username) for lead in report.leads())


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (others.CREDENTIAL, "credential-report"),
        (others.EVENTS, "cloudtrail-events"),
        (others.PROWLER_CSV, "prowler"),
        (others.PROWLER_OCSF, "prowler"),
        (others.PROWLER_ASFF, "prowler"),
        (others.ASFF, "security-hub"),
        (others.OCSF, "security-hub"),
    ],
)
def test_every_sample_is_known_by_its_content_alone(tmp_path: Path, path: Path, found: str) -> None:
    copy = write(tmp_path, path.read_bytes(), "anything")
    assert format_in(copy) == found
    assert open_report(copy).info.source == f"{found}:anything"
    assert open_report(copy, found).rows > 0


def test_a_credential_report_tells_users_and_roots_whole_and_keys_as_leads() -> None:
    report = open_report(others.CREDENTIAL)
    users = {user.username: user.facts for user in report.users()}
    assert users.keys() == {"svc-billing", "ana@example.com", "carla", "former.employee", "etl"}
    assert (users["ana@example.com"].console, users["ana@example.com"].mfa, users["carla"].mfa) == (True, False, True)
    assert users["svc-billing"].key_last_used == datetime(2026, 11, 23, 0, 11, 11, tzinfo=UTC)
    (root,) = report.roots()
    assert (root.username, root.root_facts.mfa, root.root_facts.access_key) == (ROOT_USER, False, True)
    assert {user.account_id for user in report.users()} == {"562458925665"}
    told = [(lead.username, lead.created_at) for lead in report.leads()]
    assert told == [
        ("svc-billing", datetime(2026, 1, 28, 0, 11, 11, tzinfo=UTC)),
        ("svc-billing", datetime(2026, 11, 4, 0, 11, 11, tzinfo=UTC)),
        ("etl", datetime(2026, 7, 27, 0, 11, 11, tzinfo=UTC)),
    ]
    assert "names no key ids" in report.remarks[0]


def test_prowlers_failed_checks_lead_to_users_by_the_name_that_the_api_takes() -> None:
    report = open_report(others.PROWLER_CSV, now=NOW)
    assert leads(report) == [
        ("console-without-mfa", "ana@example.com"),
        ("key-too-old", "svc-billing"),
        ("root-with-access-keys", ROOT_USER),
        ("root-without-mfa", ROOT_USER),
        ("user-unused", "ana@example.com"),
        ("user-unused", "svc-billing"),
    ]
    assert report.remarks[0] == "left alone: findings 1 that passed"
    assert all(lead.as_of <= NOW for lead in report.leads())


def test_both_of_prowlers_json_formats_say_the_same_of_the_same_checks() -> None:
    assert leads(open_report(others.PROWLER_OCSF)) == [
        ("console-without-mfa", "ana@example.com"),
        ("key-too-old", "svc-billing"),
        ("root-without-mfa", ROOT_USER),
    ]
    assert {"key-too-old", "root-without-mfa"} <= {rule for rule, _ in leads(open_report(others.PROWLER_ASFF))}


def test_security_hubs_controls_are_known_by_each_of_their_ids() -> None:
    assert leads(open_report(others.ASFF)) == [
        ("key-too-old", "foobarbaz"),
        ("key-too-old", "sharrtest"),
        ("key-too-old", "test-admin2"),
        ("user-unused", "sharrtest"),
    ]
    assert leads(open_report(others.OCSF)) == [
        ("console-without-mfa", "ana@example.com"),
        ("key-too-old", "svc-billing"),
        ("root-without-mfa", ROOT_USER),
    ]


@pytest.mark.parametrize(
    ("control", "rules"),
    [
        ("IAM.3", {"key-too-old"}),
        ("IAM.5", {"console-without-mfa"}),
        ("IAM.8", {"key-too-old", "user-unused"}),
        ("IAM.19", {"console-without-mfa"}),
        ("IAM.22", {"key-too-old", "user-unused"}),
        ("IAM.30", set()),
        ("S3.1", set()),
    ],
)
def test_a_consolidated_control_is_known_by_its_id(tmp_path: Path, control: str, rules: set[str]) -> None:
    finding = asff(
        GeneratorId=f"security-control/{control}",
        ProductFields=None,
        Compliance={"Status": "FAILED", "SecurityControlId": control},
    )
    assert {rule for rule, _ in leads(open_report(write(tmp_path, [finding])))} == rules


@pytest.mark.parametrize("control", ["IAM.4", "IAM.6", "IAM.9", "PCI.IAM.1", "PCI.IAM.5"])
def test_a_finding_about_the_account_is_about_its_root_user(tmp_path: Path, control: str) -> None:
    finding = asff(
        GeneratorId=f"security-control/{control}",
        ProductFields=None,
        Resources=[{"Type": "AwsAccount", "Id": "AWS::::Account:111111111111"}],
    )
    ((rule, username),) = leads(open_report(write(tmp_path, [finding])))
    assert (rule.startswith("root-"), username) == (True, ROOT_USER)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"Compliance": {"Status": "PASSED"}}, "1 that passed"),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, "1 that passed"),
        ({"RecordState": "ARCHIVED"}, "1 muted or archived there"),
        ({"Workflow": {"Status": "SUPPRESSED"}}, "1 muted or archived there"),
        ({"GeneratorId": "aws/guardduty", "ProductFields": None}, "1 about other checks"),
        ({"Resources": [{"Type": "AwsAccount", "Id": "AWS::::Account:111111111111"}]}, "1 that name no user"),
    ],
)
def test_what_leads_nowhere_is_counted_and_said(tmp_path: Path, changed: dict[str, object], why: str) -> None:
    report = open_report(write(tmp_path, {"Findings": [asff(**changed)]}))
    assert (report.rows, leads(report)) == (1, [])
    assert report.remarks == (f"left alone: findings {why}",)


@pytest.mark.parametrize(
    "cells", [{"MUTED": "True"}, {"STATUS": "PASS"}, {"STATUS": "MANUAL"}, {"CHECK_ID": "s3_bucket"}]
)
def test_what_prowler_muted_or_passed_leads_nowhere(tmp_path: Path, cells: dict[str, str]) -> None:
    assert leads(open_report(write(tmp_path, prowler(**cells)))) == []


def test_prowlers_version_3_called_its_columns_otherwise(tmp_path: Path) -> None:
    old = prowler().replace("ACCOUNT_UID", "ACCOUNT_ID").replace("RESOURCE_UID", "RESOURCE_ARN")
    old = old.replace("TIMESTAMP", "ASSESSMENT_START_TIME").replace("MUTED", "RESOURCE_TAGS")
    assert leads(open_report(write(tmp_path, old))) == [("key-too-old", "svc-billing")]


def test_version_3_put_commas_between_them_at_first_and_other_names_into_its_ocsf(tmp_path: Path) -> None:
    commas = prowler(REMEDIATION_CODE_OTHER="none").replace(";", ",")
    assert leads(open_report(write(tmp_path, commas))) == [("key-too-old", "svc-billing")]
    product = {"name": "Prowler", "feature": {"uid": "iam_rotate_access_key_90_days"}}
    finding = ocsf(
        class_uid=2001,
        status_code=None,
        status="Failure",
        finding_info=None,
        compliance={"status": "Failure"},
        metadata={"product": product},
        time="2026-11-20 10:00:00.5",
    )
    assert leads(open_report(write(tmp_path, [finding]))) == [("key-too-old", "svc-billing")]


@pytest.mark.parametrize(
    ("arn", "username"),
    [
        ("arn:aws:iam::562458925665:user/etl", "etl"),
        ("arn:aws:iam::562458925665:user/division_abc/sub/etl", "etl"),
        ("arn:aws-us-gov:iam::562458925665:user/x=y,@+z.w", "x=y,@+z.w"),
        ("arn:aws-cn:iam::562458925665:user/etl", "etl"),
    ],
)
def test_a_users_name_is_what_follows_its_path(tmp_path: Path, arn: str, username: str) -> None:
    assert leads(open_report(write(tmp_path, prowler(RESOURCE_UID=arn)))) == [("key-too-old", username)]


def test_a_time_without_its_zone_is_taken_for_the_latest_that_it_can_be(tmp_path: Path) -> None:
    (lead,) = open_report(write(tmp_path, prowler()), now=NOW).leads()
    assert lead.as_of == datetime(2026, 11, 20, 22, 0, 0, 1, tzinfo=UTC)
    (lead,) = open_report(write(tmp_path, prowler(TIMESTAMP="2026-12-01 23:00:00")), now=NOW).leads()
    assert lead.as_of == NOW
    (lead,) = open_report(write(tmp_path, prowler(TIMESTAMP="1763632800")), now=NOW).leads()
    assert lead.as_of == datetime(2025, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize("layout", ["list", "object", "token first", "lines", "indented", "one", "marked"])
def test_json_comes_in_every_layout_that_tools_write(tmp_path: Path, layout: str) -> None:
    found = [asff(), asff(Resources=[{"Type": "AwsIamUser", "Id": "arn:aws:iam::111111111111:user/b"}])]
    text = {
        "list": json.dumps(found),
        "object": json.dumps({"Findings": found, "NextToken": "abc"}),
        "token first": json.dumps({"NextToken": "abc", "Findings": found}),
        "lines": "".join(json.dumps(one) + "\n" for one in found),
        "indented": "\r\n" + json.dumps({"Findings": found}, indent=4) + "\r\n",
        "one": json.dumps(found[0]),
        "marked": "\ufeff" + json.dumps(found),
    }[layout]
    report = open_report(write(tmp_path, text))
    assert report.rows == (1 if layout == "one" else 2)
    assert len({lead.username for lead in report.leads()}) == report.rows


def test_no_findings_at_all_is_a_report_too(tmp_path: Path) -> None:
    report = open_report(write(tmp_path, '{"Findings": []}'))
    assert (report.rows, report.info.source, list(report.leads())) == (0, "security-hub:report.json", [])


def test_what_one_tool_says_of_both_keys_of_a_user_is_one_lead(tmp_path: Path) -> None:
    later = "2026-11-21T00:00:00Z"
    report = open_report(write(tmp_path, [asff(), asff(UpdatedAt=later)]))
    (lead,) = report.leads()
    assert lead.as_of == datetime.fromisoformat(later)


def test_events_say_when_each_user_was_last_seen_and_nothing_else() -> None:
    report = open_report(others.EVENTS)
    seen = {one.username: one.sighting for one in report.sightings()}
    assert report.rows == 276
    assert all(sighting.at <= report.info.as_of for sighting in seen.values())
    assert not list(report.leads()) + list(report.users()) + list(report.roots())
    assert "open no tickets" in report.remarks[0]


def test_memory_does_not_grow_with_a_file_of_findings(tmp_path: Path) -> None:
    finding = json.dumps(asff(GeneratorId="aws/guardduty", ProductFields=None, Description="x" * 20_000))
    path = tmp_path / "large.json"
    with path.open("w") as file:
        file.write('{"Findings": [')
        file.write(",\n".join(finding for _ in range(800)))
        file.write("]}")
    assert path.stat().st_size > 16 * 1024**2
    tracemalloc.start()
    try:
        assert open_report(path).rows == 800
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024**2
    finally:
        tracemalloc.stop()
