"""A real iam-audit report becomes the organisation that it describes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.organisation import read_audit, seed_from_audit
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

REPORT = Path(__file__).parents[1] / "data" / "iam_audit_report_20261124_001111.csv"
PROD = "562458925665"
HEADER = (
    "account_id,account_name,username,password_status,password_last_used,access_key_id,status,"
    "created_date,last_used_date,service_name,mfa_status\n"
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 24, 0, 12, tzinfo=UTC))


@pytest.fixture(name="organisation")
def _organisation(sandbox: Sandbox) -> Sandbox:
    # The report has keys of its own; the user that every test gets stays beside them.
    seed_from_audit(sandbox, read_audit(REPORT))
    return sandbox


def test_every_key_of_the_report_is_there_with_its_status(organisation: Sandbox) -> None:
    rows = read_audit(REPORT)
    shown = {row["access_key_id"]: organisation.key_status(row["account_id"], row["access_key_id"]) for row in rows}
    assert len(rows) == 140
    assert shown == {row["access_key_id"]: row["status"] for row in rows}


@pytest.mark.usefixtures("organisation")
def test_a_key_has_the_reports_dates(aws: Aws) -> None:
    iam = aws.role("iam", PROD)
    (shown,) = iam.list_access_keys(UserName="=cmd-9")["AccessKeyMetadata"]
    used = iam.get_access_key_last_used(AccessKeyId=shown["AccessKeyId"])["AccessKeyLastUsed"]
    assert shown["CreateDate"].replace(microsecond=0) == datetime(2025, 11, 23, 0, 6, 2, tzinfo=UTC)
    assert used["LastUsedDate"].replace(microsecond=0) == datetime(2026, 11, 18, 0, 11, 2, tzinfo=UTC)
    assert used["ServiceName"] == "ec2"


@pytest.mark.usefixtures("organisation")
def test_a_key_that_was_never_used_has_no_last_use(aws: Aws) -> None:
    used = aws.role("iam", PROD).get_access_key_last_used(AccessKeyId="AKIAYF5JKDJQYKUIEUJW")
    assert "LastUsedDate" not in used["AccessKeyLastUsed"]


@pytest.mark.usefixtures("organisation")
def test_passwords_and_devices_are_as_reported(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam", PROD)
    assert iam.get_login_profile(UserName="=cmd-29")
    assert iam.get_user(UserName="=cmd-29")["User"]["PasswordLastUsed"].date().isoformat() == "2025-10-20"
    assert iam.list_mfa_devices(UserName="=cmd-29")["MFADevices"][0]["SerialNumber"].endswith(":mfa/=cmd-29")
    assert refused(iam.get_login_profile, UserName="=cmd-16") == "NoSuchEntity"


@pytest.mark.usefixtures("organisation")
def test_a_recent_use_is_an_event_in_the_trail(aws: Aws) -> None:
    asked = [{"AttributeKey": "Username", "AttributeValue": "=cmd-9"}]
    (event,) = aws.role("cloudtrail", PROD).lookup_events(LookupAttributes=asked)["Events"]
    assert event["EventName"] == "DescribeInstances"


@pytest.mark.usefixtures("organisation")
def test_iamflow_may_enter_every_account_of_the_report(aws: Aws) -> None:
    for account in {row["account_id"] for row in read_audit(REPORT)}:
        assert aws.role("sts", account).get_caller_identity()["Account"] == account


def test_english_cells_a_byte_order_mark_and_windows_lines_are_read(sandbox: Sandbox, aws: Aws, tmp_path: Path) -> None:
    key = "AKIAYF5JKDJQ3WCJSTBX,inactive,2020-01-01 00:00:00+00:00,Never,N/A"
    row = f"346100584235,shared,ana,Configured,Never,{key},None\n"
    path = tmp_path / "audit.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + row).replace("\n", "\r\n").encode())
    seed_from_audit(sandbox, read_audit(path))
    assert sandbox.key_status("346100584235", "AKIAYF5JKDJQ3WCJSTBX") == "Inactive"
    assert aws.role("iam", "346100584235").get_login_profile(UserName="ana")


def test_a_row_without_a_user_or_a_key_listed_twice_does_no_harm(sandbox: Sandbox, tmp_path: Path) -> None:
    row = "346100584235,shared,ana,,,AKIAYF5JKDJQ3WCJSTBX,Active,not a date,Nunca utilizada,N/A,None\n"
    path = tmp_path / "audit.csv"
    path.write_text(HEADER + row + row + "346100584235,shared,,,,,,,,,\n")
    seed_from_audit(sandbox, read_audit(path))
    assert sandbox.key_status("346100584235", "AKIAYF5JKDJQ3WCJSTBX") == "Active"
