"""Who acts is the person behind the host's credentials; a machine, and iamflow itself, are nobody."""

from pathlib import Path

import pytest

from iamflow.aws.cloud import AwsCloud, open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.people import Identity
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.scripted import Reply, Scripted, refusal, result

PREFIX = "arn:aws:sts::123456789012:assumed-role"


def who(arn: str) -> Reply:
    return result("GetCallerIdentity", f"<Account>123456789012</Account><Arn>{arn}</Arn><UserId>x</UserId>")


def test_an_iam_user_is_a_person(cloud: AwsCloud) -> None:
    assert cloud.caller() == Identity(sts="arn:aws:iam::123456789012:user/iamflow-host")


@pytest.mark.parametrize("role", ["AWSReservedSSO_Admin_0123/ana@example.com", "ops/ana"])
def test_a_role_that_people_assume_is_told_with_its_session(
    scripted: Scripted, scripted_cloud: AwsCloud, role: str
) -> None:
    scripted.on("GetCallerIdentity", who(f"{PREFIX}/{role}"))
    assert scripted_cloud.caller() == Identity(sts=f"{PREFIX}/{role}")


@pytest.mark.parametrize("role", ["iamflow/iamflow-local", "iamflow/ana", "bastion/i-0123456789abcdef0"])
def test_iamflows_own_role_and_an_instance_profile_are_nobody(
    scripted: Scripted, scripted_cloud: AwsCloud, role: str
) -> None:
    scripted.on("GetCallerIdentity", who(f"{PREFIX}/{role}"))
    assert scripted_cloud.caller() == Identity()


def test_iamflows_own_role_is_known_by_its_name_whatever_its_path(scripted: Scripted, clock: VirtualClock) -> None:
    scripted.on("GetCallerIdentity", who(f"{PREFIX}/flow/iamflow-local"))
    role = "arn:aws:iam::{account}:role/security/flow"
    cloud = open_cloud(AwsSettings(sandbox=True, endpoint_url=scripted.url, role_name=role), clock)
    assert cloud.caller() == Identity()
    cloud.close()


def test_without_credentials_nobody_is_known_and_nobody_is_asked(
    scripted: Scripted, scripted_cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert scripted_cloud.caller() == Identity()
    assert not scripted.calls


@pytest.mark.parametrize("reply", [refusal("InvalidClientTokenId", status=403), Reply(cut=True), Reply(body="<")])
def test_where_aws_does_not_say_nobody_is_known_and_it_is_asked_once(
    scripted: Scripted, scripted_cloud: AwsCloud, reply: Reply
) -> None:
    scripted.on("GetCallerIdentity", reply)
    assert scripted_cloud.caller() == Identity()
    assert scripted.calls["GetCallerIdentity"] == 1


def test_credentials_that_cannot_be_had_are_nobodys(
    clock: VirtualClock, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "aws-config").write_text("[default]\ncredential_process = /bin/false\n")
    cloud = open_cloud(AwsSettings(sandbox=True), clock)
    assert cloud.caller() == Identity()
    cloud.close()


def test_the_caller_is_asked_of_aws_once(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("GetCallerIdentity", who("arn:aws:iam::123456789012:user/ana"))
    assert scripted_cloud.caller() == scripted_cloud.caller() == Identity(sts="arn:aws:iam::123456789012:user/ana")
    assert scripted.calls["GetCallerIdentity"] == 1


def test_a_containers_role_is_nobody(
    scripted: Scripted, scripted_cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{scripted.url}/credentials")
    scripted.on("GetCallerIdentity", who(f"{PREFIX}/task/0123456789abcdef"))
    assert scripted_cloud.caller() == Identity()
