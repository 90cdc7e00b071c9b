"""Reads share one session per account; it is renewed before it ends, and dropped when AWS no longer accepts it."""

from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.aws.cloud import AwsCloud, open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.ids import TicketId
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT, USER, Opener, user
from tests.aws.scripted import Reply, Scripted, assumed, refusal

HOME = "123456789012"
ASSUMED = (HOME, "us-east-1", "sts", "AssumeRole")
WHO = (ACCOUNT, "us-east-1", "sts", "GetCallerIdentity")


def test_all_reads_of_an_account_share_one_session_that_is_asked_once_who_it_is(
    cloud: AwsCloud, sandbox: Sandbox
) -> None:
    for _ in range(3):
        cloud.read(SUBJECT)
    cloud.regions(ACCOUNT)
    cloud.user_count(ACCOUNT)
    assert (sandbox.calls()[ASSUMED], sandbox.calls()[WHO]) == (1, 1)


def test_a_reading_takes_four_calls(cloud: AwsCloud, sandbox: Sandbox) -> None:
    cloud.read(SUBJECT)
    calls = {name: count for (_, _, service, name), count in sandbox.calls().items() if service == "iam"}
    assert calls == {"GetUser": 1, "ListAccessKeys": 1, "GetAccessKeyLastUsed": 1, "ListAttachedUserPolicies": 1}


def test_a_session_is_kept_until_five_minutes_before_its_end(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    cloud.read(SUBJECT)
    clock.advance(timedelta(minutes=54))
    cloud.read(SUBJECT)
    assert sandbox.calls()[ASSUMED] == 1
    clock.advance(timedelta(minutes=1))
    cloud.read(SUBJECT)
    assert sandbox.calls()[ASSUMED] == 2


def test_a_jump_of_days_opens_a_new_session(cloud: AwsCloud, clock: VirtualClock) -> None:
    cloud.read(SUBJECT)
    clock.advance(timedelta(days=9))
    assert cloud.read(SUBJECT).read_at == clock.now()


def test_an_expired_session_is_dropped_and_the_next_call_opens_another(
    scripted: Scripted, scripted_cloud: AwsCloud
) -> None:
    scripted.on("GetUser", refusal("ExpiredToken", status=403), user())
    with pytest.raises(TemporaryError, match="expired"):
        scripted_cloud.read(SUBJECT)
    assert scripted.calls["GetUser"] == 1
    assert scripted_cloud.read(SUBJECT).user_id == "AIDAEXAMPLE"
    assert scripted.calls["AssumeRole"] == 2


def test_a_session_that_aws_does_not_know_any_more_is_dropped(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("GetUser", refusal("InvalidClientTokenId", status=403), user())
    with pytest.raises(BlockedError):
        scripted_cloud.read(SUBJECT)
    assert scripted_cloud.read(SUBJECT).user_id == "AIDAEXAMPLE"


def test_a_clock_that_disagrees_with_aws_does_not_end_sessions_early(
    scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock
) -> None:
    clock.advance(timedelta(days=300))  # AWS's answers say November, and end their sessions an hour later
    scripted_cloud.read(SUBJECT)
    clock.advance(timedelta(minutes=54))
    scripted_cloud.read(SUBJECT)
    assert scripted.calls["AssumeRole"] == 1


def test_a_session_is_asked_for_with_its_name_its_external_id_and_no_more_than_an_hour(
    scripted: Scripted, clock: VirtualClock
) -> None:
    asked: list[dict[str, str]] = []

    def noting(given: dict[str, str]) -> Reply:
        asked.append(given)
        return assumed(given)

    scripted.on("AssumeRole", noting)
    settings = AwsSettings(sandbox=True, endpoint_url=scripted.url, external_id="x-42", instance="b1")
    cloud = open_cloud(settings, clock)
    cloud.read(SUBJECT)
    with cloud.step(SUBJECT, TicketId(7), EffectKind.DELETE_KEY):
        pass
    cloud.close()
    read, step = asked
    assert (read["RoleSessionName"], read["DurationSeconds"], "Policy" in read) == ("iamflow-b1", "3600", False)
    assert (step["RoleSessionName"], step["DurationSeconds"], "Policy" in step) == ("iamflow-b1-7", "900", True)
    assert {given["ExternalId"] for given in asked} == {"x-42"}
    assert {given["RoleArn"] for given in asked} == {f"arn:aws:iam::{ACCOUNT}:role/iamflow"}


def test_credentials_that_were_replaced_in_their_file_are_read_anew(
    opened: Opener, sandbox: Sandbox, tmp_path: Path
) -> None:
    def write(key_id: str) -> None:
        (tmp_path / "aws-credentials").write_text(
            f"[prod]\naws_access_key_id = {key_id}\naws_secret_access_key = {sandbox.seed.secret(key_id)}\n"
        )

    old = sandbox.owner.create_key(ACCOUNT, USER)
    write(old)
    cloud = opened(AwsSettings(profiles={ACCOUNT: "prod"}))
    cloud.read(SUBJECT)
    sandbox.owner.delete_key(ACCOUNT, USER, old)
    write(KEY)
    with pytest.raises(BlockedError, match="does not accept the credentials"):
        cloud.read(SUBJECT)
    assert cloud.read(SUBJECT).account_id == ACCOUNT
