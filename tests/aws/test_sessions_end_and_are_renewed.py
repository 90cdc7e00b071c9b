"""Reads share one session per account; it is renewed before it ends, and dropped when AWS no longer accepts it."""

from datetime import timedelta

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, SUBJECT, user
from tests.aws.scripted import Scripted, refusal

HOME = "123456789012"
ASSUMED = (HOME, "us-east-1", "sts", "AssumeRole")
WHO = (ACCOUNT, "us-east-1", "sts", "GetCallerIdentity")


def test_all_reads_of_an_account_share_one_session_that_is_asked_once_who_it_is(
    cloud: AwsCloud, sandbox: Sandbox
) -> None:
    for _ in range(3):
        cloud.read_key(SUBJECT)
    cloud.regions(ACCOUNT)
    cloud.user_count(ACCOUNT)
    assert (sandbox.calls()[ASSUMED], sandbox.calls()[WHO]) == (1, 1)


def test_a_reading_takes_four_calls(cloud: AwsCloud, sandbox: Sandbox) -> None:
    cloud.read_key(SUBJECT)
    calls = {name: count for (_, _, service, name), count in sandbox.calls().items() if service == "iam"}
    assert calls == {"GetUser": 1, "ListAccessKeys": 1, "GetAccessKeyLastUsed": 1, "ListAttachedUserPolicies": 1}


def test_a_session_is_kept_until_five_minutes_before_its_end(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    cloud.read_key(SUBJECT)
    clock.advance(timedelta(minutes=54))
    cloud.read_key(SUBJECT)
    assert sandbox.calls()[ASSUMED] == 1
    clock.advance(timedelta(minutes=1))
    cloud.read_key(SUBJECT)
    assert sandbox.calls()[ASSUMED] == 2


def test_a_jump_of_days_opens_a_new_session(cloud: AwsCloud, clock: VirtualClock) -> None:
    cloud.read_key(SUBJECT)
    clock.advance(timedelta(days=9))
    assert cloud.read_key(SUBJECT).read_at == clock.now()


def test_an_expired_session_is_dropped_and_the_next_call_opens_another(
    scripted: Scripted, scripted_cloud: AwsCloud
) -> None:
    scripted.on("GetUser", refusal("ExpiredToken", status=403), user())
    with pytest.raises(TemporaryError, match="expired"):
        scripted_cloud.read_key(SUBJECT)
    assert scripted.calls["GetUser"] == 1
    assert scripted_cloud.read_key(SUBJECT).user_id == "AIDAEXAMPLE"
    assert scripted.calls["AssumeRole"] == 2


def test_a_session_that_aws_does_not_know_any_more_is_dropped(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("GetUser", refusal("InvalidClientTokenId", status=403), user())
    with pytest.raises(BlockedError):
        scripted_cloud.read_key(SUBJECT)
    assert scripted_cloud.read_key(SUBJECT).user_id == "AIDAEXAMPLE"


def test_a_clock_that_disagrees_with_aws_does_not_end_sessions_early(
    scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock
) -> None:
    clock.advance(timedelta(days=300))  # AWS's answers say November, and end their sessions an hour later
    scripted_cloud.read_key(SUBJECT)
    clock.advance(timedelta(minutes=54))
    scripted_cloud.read_key(SUBJECT)
    assert scripted.calls["AssumeRole"] == 1
