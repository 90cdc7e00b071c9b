"""An account that lets nobody in blocks its own tickets with the remedy, and holds up no other account."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, SUBJECT, USER, Opener
from tests.aws.scripted import Scripted, refusal, result

ROLE = f"arn:aws:iam::{ACCOUNT}:role/iamflow"
ASKED = ("123456789012", "us-east-1", "sts", "AssumeRole")


def blocked(cloud: AwsCloud) -> BlockedError:
    with pytest.raises(BlockedError) as caught:
        cloud.read(SUBJECT)
    return caught.value


@pytest.fixture
def shut(sandbox: Sandbox) -> Sandbox:
    sandbox.seed.role_trust(ACCOUNT, allowed=False)
    return sandbox


def test_the_sentence_names_the_account_and_the_role_and_shows_the_trust_policy(shut: Sandbox, cloud: AwsCloud) -> None:
    error = blocked(cloud)
    sentence = str(error)
    assert error.code == "access"
    assert sentence.startswith(f"account {ACCOUNT}: the role {ROLE} cannot be assumed")
    assert "\n" not in sentence
    assert json.loads(sentence[sentence.index("{") :]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:user/iamflow-host"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def test_the_trust_policy_asks_for_the_external_id(shut: Sandbox, opened: Opener) -> None:
    sentence = str(blocked(opened(AwsSettings(external_id="x-42"))))
    statement = json.loads(sentence[sentence.index("{") :])["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "x-42"}}


def test_the_trust_policy_names_a_session_as_its_role(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/bastion/i-0abc"
    scripted.on(
        "GetCallerIdentity",
        result("GetCallerIdentity", f"<Account>123456789012</Account><Arn>{arn}</Arn><UserId>x</UserId>"),
    )
    scripted.on("AssumeRole", refusal("AccessDenied", status=403))
    assert '"AWS":"arn:aws:iam::123456789012:role/bastion"' in str(blocked(scripted_cloud))


def test_a_role_that_does_not_exist_is_told_alike(sandbox: Sandbox, cloud: AwsCloud) -> None:
    sandbox.seed.no_role(ACCOUNT)
    assert "it must exist" in str(blocked(cloud))


def test_the_other_accounts_go_on(shut: Sandbox, cloud: AwsCloud) -> None:
    other = AccountId("210987654321")
    shut.seed.account(other, "other")
    shut.seed.user(other, USER)
    blocked(cloud)
    assert cloud.read(UserSubject(account_id=other, username=USER, key_id=SUBJECT.key_id)).account_id == other


def test_hundreds_of_tickets_ask_once_a_minute(shut: Sandbox, cloud: AwsCloud, clock: VirtualClock) -> None:
    for number in range(100):
        with pytest.raises(BlockedError, match="cannot be assumed"):
            cloud.read(SUBJECT)
        with (
            pytest.raises(BlockedError, match="cannot be assumed"),
            cloud.step(SUBJECT, TicketId(number), EffectKind.DEACTIVATE_KEY),
        ):
            pass
    assert shut.calls()[ASKED] == 1
    clock.advance(timedelta(minutes=1))
    blocked(cloud)
    assert shut.calls()[ASKED] == 2


def test_a_remedy_works_after_a_minute(shut: Sandbox, cloud: AwsCloud, clock: VirtualClock) -> None:
    blocked(cloud)
    shut.seed.role_trust(ACCOUNT, allowed=True)
    clock.advance(timedelta(minutes=1))
    assert cloud.read(SUBJECT).user_id is not None


def test_a_role_may_be_given_as_an_arn_pattern(sandbox: Sandbox, opened: Opener) -> None:
    cloud = opened(AwsSettings(role_name="arn:aws:iam::{account}:role/iamflow"))
    assert cloud.read(SUBJECT).account_id == ACCOUNT


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_of_the_host_that_are_refused_are_told(
    scripted: Scripted, scripted_cloud: AwsCloud, code: str
) -> None:
    scripted.on("AssumeRole", refusal(code, status=403))
    error = blocked(scripted_cloud)
    assert (error.code, code in str(error)) == ("access", True)


def test_a_host_without_credentials_is_told(sandbox: Sandbox, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = blocked(opened())
    assert (error.code, "no AWS credentials" in str(error)) == ("access", True)


def test_a_profile_whose_credentials_cannot_be_had_is_told(sandbox: Sandbox, opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "aws-config").write_text("[profile prod]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = nowhere\n")
    error = blocked(opened(AwsSettings(profiles={ACCOUNT: "prod"})))
    assert error.code == "access"
    assert "correct the AWS config file" in str(error)
