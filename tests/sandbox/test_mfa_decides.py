"""A policy that demands MFA lets through whoever proved it, and the calls that enrolment needs."""

import json
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Events, Refused

ENROLMENT = [
    "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices",
    "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
]  # fmt: skip
REQUIRE_MFA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyAllExceptListedIfNoMFA",
            "Effect": "Deny",
            "NotAction": ENROLMENT,
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        }
    ],
}


def inline(sandbox: Sandbox, iam: Any) -> None:
    iam.put_user_policy(UserName="etl", PolicyName="RequireMFAPolicy", PolicyDocument=json.dumps(REQUIRE_MFA))


def attached(sandbox: Sandbox, iam: Any) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "RequireMFAPolicy", REQUIRE_MFA)
    iam.attach_user_policy(UserName="etl", PolicyArn=arn)


def of_a_group(sandbox: Sandbox, iam: Any) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "RequireMFAPolicy", REQUIRE_MFA)
    sandbox.seed.group(ACCOUNT, "etl", "staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)


@pytest.fixture(autouse=True)
def _password(aws: Aws) -> None:
    aws.role("iam").create_login_profile(UserName="etl", Password="correct-Horse-7")


@pytest.mark.parametrize("demand", [inline, attached, of_a_group])
def test_a_long_term_key_carries_no_mfa_and_is_denied(sandbox: Sandbox, aws: Aws, demand: Any) -> None:
    assert sandbox.use_key(KEY).ok
    demand(sandbox, aws.role("iam"))
    assert sandbox.use_key(KEY).error == "AccessDenied"
    assert sandbox.use_key(KEY, service="ec2", operation="DescribeInstances").error == "UnauthorizedOperation"
    assert sandbox.use_key(KEY, service="dynamodb", operation="ListTables").error == "AccessDeniedException"


def test_taking_the_policy_away_lets_the_key_work_again(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    inline(sandbox, iam)
    iam.delete_user_policy(UserName="etl", PolicyName="RequireMFAPolicy")
    assert sandbox.use_key(KEY).ok


def test_a_denial_is_in_the_trail_with_the_key(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    inline(sandbox, aws.role("iam"))
    sandbox.use_key(KEY)
    (event,) = events(AccessKeyId=KEY)
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "AccessDenied"


def test_a_session_opened_with_mfa_is_let_through(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="etl")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="etl", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    inline(sandbox, iam)
    assert sandbox.open_session(KEY).ok
    assert sandbox.use_key(KEY, session=True).error == "AccessDenied"
    assert sandbox.open_session(KEY, mfa=True).ok
    assert sandbox.use_key(KEY, session=True).ok
    assert sandbox.use_key(KEY, service="iam", operation="ListUsers", session=True).ok


def test_a_device_of_someone_else_proves_nothing(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana", mfa="Virtual")
    sts = aws.key("sts")
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/ana"
    assert refused(sts.get_session_token, SerialNumber=serial, TokenCode="123456") == "AccessDenied"
    with pytest.raises(ValueError, match="no MFA device"):
        sandbox.open_session(KEY, mfa=True)


def test_iam_answers_no_session_that_was_minted_without_mfa(sandbox: Sandbox) -> None:
    sandbox.open_session(KEY)
    outcome = sandbox.use_key(KEY, service="iam", operation="ListUsers", session=True)
    assert outcome.error == "InvalidClientTokenId"


def test_the_console_without_mfa_is_good_for_enrolment_only(sandbox: Sandbox, aws: Aws) -> None:
    inline(sandbox, aws.role("iam"))
    console = sandbox.console
    assert console.sign_in(ACCOUNT, "etl").ok
    assert console.call(ACCOUNT, "etl").error == "AccessDenied"
    assert console.enrol_mfa(ACCOUNT, "etl").ok
    assert console.call(ACCOUNT, "etl").error == "AccessDenied"  # the open session has not proven MFA
    assert console.sign_in(ACCOUNT, "etl").ok
    assert console.call(ACCOUNT, "etl").ok


def test_who_must_choose_a_new_password_is_locked_out_unless_that_is_exempted(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    inline(sandbox, iam)
    iam.update_login_profile(UserName="etl", PasswordResetRequired=True)
    assert sandbox.console.sign_in(ACCOUNT, "etl").error == "AccessDenied"
    with pytest.raises(KeyError):
        sandbox.console.call(ACCOUNT, "etl")
    exempting = json.loads(json.dumps(REQUIRE_MFA))
    exempting["Statement"][0]["NotAction"].append("iam:ChangePassword")
    iam.put_user_policy(UserName="etl", PolicyName="RequireMFAPolicy", PolicyDocument=json.dumps(exempting))
    assert sandbox.console.sign_in(ACCOUNT, "etl").ok
    assert iam.get_login_profile(UserName="etl")["LoginProfile"]["PasswordResetRequired"] is False
    assert sandbox.console.enrol_mfa(ACCOUNT, "etl").ok


def test_a_role_may_demand_mfa_of_who_assumes_it(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        ],
    }
    arn = iam.create_role(RoleName="ops", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.enable_mfa_device(
        UserName="etl", SerialNumber="GAHT12345678", AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    sts = aws.key("sts")
    named = {"RoleArn": arn, "RoleSessionName": "ops"}
    assert refused(sts.assume_role, **named) == "AccessDenied"
    assert sts.assume_role(**named, SerialNumber="GAHT12345678", TokenCode="123456")["Credentials"]
