"""A new key takes a while to be known everywhere, shows its first use, and needs a free slot."""

from datetime import timedelta

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Events, Refused

DELAY = timedelta(seconds=10)


def test_a_new_key_fails_for_ten_seconds_when_asked_to(sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.seed.new_keys_work_after(DELAY)
    key = sandbox.owner.create_key(ACCOUNT, "etl")
    assert sandbox.use_key(key).error == "InvalidAccessKeyId"
    assert sandbox.use_key(key, service="sts", operation="GetCallerIdentity").error == "InvalidClientTokenId"
    clock.advance(DELAY - timedelta(seconds=1))
    assert not sandbox.use_key(key).ok
    clock.advance(timedelta(seconds=1))
    assert sandbox.use_key(key).ok
    assert sandbox.use_key(KEY).ok


def test_a_new_key_that_was_refused_has_no_use_and_no_event(
    sandbox: Sandbox, aws: Aws, clock: VirtualClock, events: Events
) -> None:
    sandbox.seed.new_keys_work_after(DELAY)
    key = sandbox.owner.create_key(ACCOUNT, "etl")
    sandbox.use_key(key)
    assert "LastUsedDate" not in aws.role("iam").get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert [event["EventName"] for event in events(AccessKeyId=key)] == []


def test_a_new_keys_first_use_is_told(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    key = sandbox.owner.create_key(ACCOUNT, "etl")
    clock.advance(timedelta(minutes=1))
    assert sandbox.use_key(key, region="eu-west-1").ok
    told = aws.role("iam").get_access_key_last_used(AccessKeyId=key)
    assert told["UserName"] == "etl"
    used = told["AccessKeyLastUsed"]
    assert (used["LastUsedDate"], used["ServiceName"], used["Region"]) == (clock.now(), "s3", "eu-west-1")


def test_the_quota_of_keys_can_be_raised(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_access_key(UserName="etl")
    assert refused(iam.create_access_key, UserName="etl") == "LimitExceeded"
    sandbox.seed.quota(ACCOUNT, "AccessKeysPerUserQuota", 3)
    iam.create_access_key(UserName="etl")
    assert refused(iam.create_access_key, UserName="etl") == "LimitExceeded"
    assert iam.get_account_summary()["SummaryMap"]["AccessKeysPerUserQuota"] == 3


def test_an_inactive_key_takes_a_slot_too(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_access_key(UserName="etl")
    iam.update_access_key(UserName="etl", AccessKeyId=KEY, Status="Inactive")
    assert refused(iam.create_access_key, UserName="etl") == "LimitExceeded"
    iam.delete_access_key(UserName="etl", AccessKeyId=KEY)
    iam.create_access_key(UserName="etl")


def test_the_secret_of_a_new_key_is_in_no_record(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    made = aws.role("iam").create_access_key(UserName="etl")["AccessKey"]
    assert made["SecretAccessKey"]
    (event,) = events(EventName="CreateAccessKey")
    assert made["AccessKeyId"] in event["CloudTrailEvent"]
    assert made["SecretAccessKey"] not in event["CloudTrailEvent"] + repr(sandbox.mutations())
