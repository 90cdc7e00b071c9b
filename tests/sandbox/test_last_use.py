"""A key's last use is the last accepted call, to the quarter of an hour."""

from datetime import UTC, datetime, timedelta
from typing import Any

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def last_use(aws: Aws) -> Any:
    return aws.role("iam").get_access_key_last_used(AccessKeyId=KEY)


def test_a_key_that_was_never_used_has_no_date(aws: Aws) -> None:
    answer = last_use(aws)
    assert answer["UserName"] == "etl"
    assert answer["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


def test_a_call_moves_the_last_use_with_its_service_and_region(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.use_key(KEY, service="dynamodb", operation="ListTables", region="eu-west-1")
    assert last_use(aws)["AccessKeyLastUsed"] == {
        "LastUsedDate": datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
        "ServiceName": "dynamodb",
        "Region": "eu-west-1",
    }


def test_a_second_call_within_15_minutes_is_not_recorded(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    sandbox.use_key(KEY)
    clock.advance(timedelta(minutes=14, seconds=59))
    sandbox.use_key(KEY, service="ec2", operation="DescribeInstances")
    assert last_use(aws)["AccessKeyLastUsed"]["ServiceName"] == "s3"


def test_a_call_after_15_minutes_is_recorded(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    sandbox.use_key(KEY)
    clock.advance(timedelta(minutes=15))
    sandbox.use_key(KEY, service="ec2", operation="DescribeInstances")
    assert last_use(aws)["AccessKeyLastUsed"]["LastUsedDate"] == clock.now()


def test_a_seeded_last_use_is_shown(sandbox: Sandbox, aws: Aws) -> None:
    used = datetime(2026, 5, 7, 23, 45, 39, tzinfo=UTC)
    sandbox.seed.user(ACCOUNT, "old")
    sandbox.seed.key(ACCOUNT, "old", "AKIAYF5JKDJQ3WCJSTBX", last_used=used, service="ec2", region="sa-east-1")
    shown = aws.role("iam").get_access_key_last_used(AccessKeyId="AKIAYF5JKDJQ3WCJSTBX")["AccessKeyLastUsed"]
    assert shown == {"LastUsedDate": used, "ServiceName": "ec2", "Region": "sa-east-1"}


def test_a_session_minted_from_a_key_does_not_move_the_keys_last_use(
    sandbox: Sandbox, aws: Aws, clock: VirtualClock
) -> None:
    sandbox.open_session(KEY)
    clock.advance(timedelta(hours=1))
    assert sandbox.use_key(KEY, session=True).ok
    assert last_use(aws)["AccessKeyLastUsed"]["ServiceName"] == "sts"


def test_the_last_use_of_a_key_in_another_account_is_not_told(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.account("896592267449", "data-platform")
    iam = aws.role("iam", "896592267449")
    assert refused(iam.get_access_key_last_used, AccessKeyId=KEY) == "NoSuchEntity"
