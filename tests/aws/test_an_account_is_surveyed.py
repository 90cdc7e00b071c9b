"""A survey of an account waits for its report, makes no call that it need not, and takes who is gone for gone."""

import base64
from collections import Counter
from datetime import timedelta

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, START, USER
from tests.aws.scripted import Scripted, refusal, result

GONE = UserName("gone")


def made(sandbox: Sandbox) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (_, _, _, operation), times in sandbox.calls().items():
        counted[operation] += times
    return counted


def test_a_report_that_is_there_takes_two_calls_after_the_role(sandbox: Sandbox, cloud: AwsCloud) -> None:
    with cloud.survey(ACCOUNT) as survey:
        assert USER in survey.report().text
    assert made(sandbox) == {"AssumeRole": 1, "GenerateCredentialReport": 1, "GetCredentialReport": 1}


def test_a_report_that_is_being_made_is_waited_for(sandbox: Sandbox, cloud: AwsCloud, clock: VirtualClock) -> None:
    sandbox.seed.reports_take(timedelta(seconds=18))
    with cloud.survey(ACCOUNT) as survey:
        report = survey.report()
    assert report.generated_at == START + timedelta(seconds=18)
    assert clock.now() < START + timedelta(seconds=25)
    assert made(sandbox)["GetCredentialReport"] == 3


def test_a_report_that_does_not_come_is_a_failure_that_may_pass(sandbox: Sandbox, cloud: AwsCloud) -> None:
    sandbox.seed.reports_take(timedelta(hours=1))
    with (
        cloud.survey(ACCOUNT) as survey,
        pytest.raises(TemporaryError, match=f"account {ACCOUNT}: AWS did not make the credential report within 100 s"),
    ):
        survey.report()
    assert made(sandbox)["GetCredentialReport"] == 6


def test_a_report_that_expires_between_two_calls_is_made_again(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    content = base64.b64encode(b"user,arn").decode()
    scripted.on("GenerateCredentialReport", result("GenerateCredentialReport", "<State>COMPLETE</State>"))
    scripted.on(
        "GetCredentialReport",
        refusal("ReportExpired", status=410),
        result(
            "GetCredentialReport",
            f"<Content>{content}</Content><GeneratedTime>2026-11-24T08:00:00Z</GeneratedTime>",
        ),
    )
    with scripted_cloud.survey(ACCOUNT) as survey:
        assert survey.report().text == "user,arn"
    assert scripted.calls["GenerateCredentialReport"] == 2


@pytest.mark.parametrize(
    "content",
    ["<GeneratedTime>2026-11-24T08:00:00Z</GeneratedTime>", "<Content>YQ==</Content>"],
)
def test_an_answer_without_a_report_is_no_empty_report(
    scripted: Scripted, scripted_cloud: AwsCloud, content: str
) -> None:
    scripted.on("GenerateCredentialReport", result("GenerateCredentialReport", "<State>COMPLETE</State>"))
    scripted.on("GetCredentialReport", result("GetCredentialReport", content))
    with (
        scripted_cloud.survey(ACCOUNT) as survey,
        pytest.raises(TemporaryError, match=r"the answer (lacks the report or its date|is not in UTF-8)"),
    ):
        survey.report()


def test_another_refusal_is_not_waited_for(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("GenerateCredentialReport", result("GenerateCredentialReport", "<State>COMPLETE</State>"))
    scripted.on("GetCredentialReport", refusal("ValidationError"))
    with scripted_cloud.survey(ACCOUNT) as survey, pytest.raises(PermanentError, match="was refused"):
        survey.report()
    assert scripted.calls["GetCredentialReport"] == 1


def test_whoever_is_gone_is_none(cloud: AwsCloud) -> None:
    with cloud.survey(ACCOUNT) as survey:
        assert survey.keys(GONE) is None
        assert survey.service_credentials(GONE) is None
        assert [key.key_id for key in survey.keys(USER) or ()] == [KEY]


def test_a_denied_call_is_not_taken_for_gone(sandbox: Sandbox, cloud: AwsCloud) -> None:
    sandbox.seed.role_policy(ACCOUNT, {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    with cloud.survey(ACCOUNT) as survey:
        for ask in (survey.keys, survey.service_credentials):
            with pytest.raises(BlockedError, match="is denied"):
                ask(USER)
        with pytest.raises(BlockedError, match="is denied"):
            survey.last_use(USER, KeyId(KEY))


def test_only_credentials_that_work_are_counted(sandbox: Sandbox, cloud: AwsCloud) -> None:
    sandbox.seed.service_credential(ACCOUNT, USER, status="Inactive")
    with cloud.survey(ACCOUNT) as survey:
        assert survey.service_credentials(USER) == 0
        sandbox.seed.service_credential(ACCOUNT, USER)
        assert survey.service_credentials(USER) == 1


def test_calls_keep_to_the_budget_of_their_account(cloud: AwsCloud, clock: VirtualClock) -> None:
    with cloud.survey(ACCOUNT) as survey:
        for _ in range(11):
            survey.keys(USER)
    assert clock.now() - START == timedelta(seconds=1)


def test_a_session_of_another_account_is_refused(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    other = AccountId("328251269083")
    arn = f"arn:aws:sts::{other}:assumed-role/iamflow/x"
    scripted.on(
        "AssumeRole",
        result(
            "AssumeRole",
            "<Credentials><AccessKeyId>ASIAEXAMPLE00000</AccessKeyId><SecretAccessKey>x</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2026-11-24T09:00:00Z</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>",
        ),
    )
    with pytest.raises(BlockedError, match=f"are those of account {other}"), scripted_cloud.survey(ACCOUNT):
        pass
