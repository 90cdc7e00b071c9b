"""A reading holds what AWS said, of exactly the user and key that were asked about, in UTC."""

from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId, TicketId
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, CREATED, KEY, START, SUBJECT, USER, Opener, effect, key_row, last_used
from tests.aws.scripted import Scripted, result

SECOND = KeyId("AKIAYF5JKDJQSECONDKY")


def test_user_tags_keys_and_account_are_told(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.seed.key(ACCOUNT, USER, SECOND, created=CREATED, status="Inactive")
    reading = cloud.read(SUBJECT)
    assert (reading.account_id, reading.read_at, reading.tags) == (ACCOUNT, START, {"Owner": "ana@example.com"})
    assert (reading.user_id or "").startswith("AIDA")
    assert set(reading.keys) == {
        KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED),
        KeyState(key_id=SECOND, status=KeyStatus.INACTIVE, created_at=CREATED),
    }


def test_a_use_is_told_with_its_service_and_region(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.use_key(KEY, service="dynamodb", operation="ListTables", region="eu-west-1")
    clock.advance(timedelta(hours=1))
    assert cloud.read(SUBJECT).last_use == LastUse(at=START, service="dynamodb", region="eu-west-1")


def test_a_key_that_was_never_used_has_a_last_use_without_a_time(cloud: AwsCloud) -> None:
    assert cloud.read(SUBJECT).last_use == LastUse(at=None, service=None, region=None)


def test_a_key_that_the_user_does_not_have_has_no_last_use(cloud: AwsCloud, sandbox: Sandbox) -> None:
    reading = cloud.read(UserSubject(account_id=ACCOUNT, username=USER, key_id=SECOND))
    assert (reading.key(SECOND), reading.last_use) == (None, None)
    assert not any(name == "GetAccessKeyLastUsed" for *_, name in sandbox.calls())


def test_a_quarantined_user_is_told(cloud: AwsCloud, sandbox: Sandbox) -> None:
    assert not cloud.read(SUBJECT).quarantined
    sandbox.seed.quarantine(ACCOUNT, USER)
    assert cloud.read(SUBJECT).quarantined


def test_keys_and_policies_are_read_to_the_last_page(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    more = "<IsTruncated>true</IsTruncated><Marker>next</Marker>"
    quarantine = "<member><PolicyName>AWSCompromisedKeyQuarantineV3</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3</PolicyArn></member>"
    scripted.on(
        "ListAccessKeys",
        result("ListAccessKeys", f"{key_row(SECOND)}{more}"),
        lambda asked: result("ListAccessKeys", key_row(KEY if asked.get("Marker") == "next" else "AKIAWRONGPAGE00")),
    )
    scripted.on(
        "ListAttachedUserPolicies",
        result("ListAttachedUserPolicies", f"<AttachedPolicies/>{more}"),
        result("ListAttachedUserPolicies", f"<AttachedPolicies>{quarantine}</AttachedPolicies>"),
    )
    reading = scripted_cloud.read(SUBJECT)
    assert ([key.key_id for key in reading.keys], reading.quarantined) == ([SECOND, KEY], True)


@pytest.mark.parametrize("owner", ["somebody-else", "ETL", ""])
def test_a_key_that_aws_says_is_somebody_elses_waits_for_a_person(
    scripted: Scripted, scripted_cloud: AwsCloud, owner: str
) -> None:
    scripted.on("GetAccessKeyLastUsed", last_used(owner))
    with pytest.raises(BlockedError, match="find out whose key it is") as caught:
        scripted_cloud.read(SUBJECT)
    assert caught.value.code == "wrong_user"


def test_a_step_reads_through_its_own_session(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    with cloud.step(SUBJECT, TicketId(7), EffectKind.DELETE_KEY) as step:
        clock.advance(timedelta(seconds=5))
        assert step.read() == cloud.read(SUBJECT)
        assert step.read().read_at == START + timedelta(seconds=5)


def test_an_account_may_be_reached_through_a_profile(opened: Opener, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.seed.user(ACCOUNT, "operator")
    sandbox.seed.key(ACCOUNT, "operator", SECOND)
    (tmp_path / "aws-credentials").write_text(
        f"[prod]\naws_access_key_id = {SECOND}\naws_secret_access_key = {sandbox.seed.secret(SECOND)}\n"
    )
    cloud = opened(AwsSettings(profiles={ACCOUNT: "prod"}))
    assert cloud.read(SUBJECT).account_id == ACCOUNT
    with cloud.step(SUBJECT, TicketId(7), EffectKind.DEACTIVATE_KEY) as step:
        step.apply(effect(EffectKind.DEACTIVATE_KEY))
    assert sandbox.key_status(ACCOUNT, KEY) == "Inactive"
    assert not any(name == "AssumeRole" for *_, name in sandbox.calls())


def test_the_hosts_own_account_may_be_worked_in_without_a_role(opened: Opener, sandbox: Sandbox) -> None:
    home = AccountId(sandbox.settings.home_account)
    sandbox.seed.user(home, USER)
    subject = UserSubject(account_id=home, username=USER, key_id=KEY)
    assert opened(AwsSettings(role_name=None)).read(subject).account_id == home
