"""The credential report is made on demand, cached for four hours, and true when it was made."""

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def report(iam: Any) -> dict[str, dict[str, str]]:
    content = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(content.splitlines())}


def test_there_is_no_report_before_one_was_asked_for(aws: Aws, refused: Refused) -> None:
    assert refused(aws.role("iam").get_credential_report) == "ReportNotPresent"


def test_a_report_starts_and_is_then_complete(aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert iam.get_credential_report()["GeneratedTime"] == clock.now()


def test_the_root_user_comes_first(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.generate_credential_report()
    assert next(iter(report(iam))) == "<root_account>"


def test_a_row_tells_of_password_devices_and_keys_but_names_no_key(sandbox: Sandbox, aws: Aws) -> None:
    used = datetime(2026, 5, 7, 23, 45, 39, tzinfo=UTC)
    sandbox.seed.user(ACCOUNT, "ana", password=True, password_last_used=used, mfa="Virtual")
    key = "AKIAYF5JKDJQ3WCJSTBX"
    sandbox.seed.key(ACCOUNT, "ana", key, status="Inactive", last_used=used, service="ec2", region="sa-east-1")
    iam = aws.role("iam")
    iam.generate_credential_report()
    row = report(iam)["ana"]
    assert len(row) == 22
    assert (row["password_enabled"], row["password_last_used"]) == ("true", "2026-05-07T23:45:39+00:00")
    assert (row["mfa_active"], row["access_key_1_active"], row["access_key_2_active"]) == ("true", "false", "false")
    assert row["access_key_1_last_used_date"] == "2026-05-07T23:45:39+00:00"
    assert (row["access_key_1_last_used_region"], row["access_key_1_last_used_service"]) == ("sa-east-1", "ec2")
    assert row["access_key_2_last_used_date"] == "N/A"
    assert key not in row.values()


def test_a_cached_report_does_not_show_what_changed_since(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    iam.generate_credential_report()
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    clock.advance(timedelta(minutes=30))
    assert report(iam)["etl"]["access_key_1_active"] == "true"


def test_a_report_expires_after_four_hours_and_can_be_made_anew(
    aws: Aws, clock: VirtualClock, refused: Refused
) -> None:
    aws.role("iam").generate_credential_report()
    clock.advance(timedelta(hours=4))
    iam = aws.role("iam")
    assert refused(iam.get_credential_report) == "ReportExpired"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert report(iam)["etl"]["access_key_1_active"] == "true"


def test_a_report_that_takes_its_time_is_in_progress_and_then_there(
    sandbox: Sandbox, aws: Aws, clock: VirtualClock, refused: Refused
) -> None:
    sandbox.seed.reports_take(timedelta(seconds=30))
    iam = aws.role("iam")
    assert iam.generate_credential_report()["State"] == "STARTED"
    clock.advance(timedelta(seconds=29))
    assert iam.generate_credential_report()["State"] == "INPROGRESS"
    assert refused(iam.get_credential_report) == "ReportInProgress"
    clock.advance(timedelta(seconds=1))
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert iam.get_credential_report()["GeneratedTime"] == clock.now()
