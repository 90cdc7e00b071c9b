"""A service control policy reaches the users, keys and roles of member accounts, and nobody else."""

import json
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Events

OTHER, OTHER_KEY = "896592267449", "AKIAYF5JKDJQ3WCJSTBX"
ROOT = "r-exam"
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
USERS = {**NO_MFA, "StringEquals": {"aws:PrincipalType": "User"}}
ENROLMENT = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "iam:GetUser"]


def guardrail(*spared: str, condition: Any = USERS) -> str:
    statement = {"Effect": "Deny", "NotAction": list(spared), "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(name="org")
def _org(sandbox: Sandbox, aws: Aws) -> Any:
    sandbox.seed.account(OTHER, "data-platform")
    sandbox.seed.user(OTHER, "bob", password=True)
    sandbox.seed.key(OTHER, "bob", OTHER_KEY)
    return aws.home("organizations")


def attach(org: Any, content: str, target: str) -> str:
    made = org.create_policy(Name="require-mfa", Description="", Type="SERVICE_CONTROL_POLICY", Content=content)
    identifier = str(made["Policy"]["PolicySummary"]["Id"])
    org.attach_policy(PolicyId=identifier, TargetId=target)
    return identifier


def test_a_guardrail_denies_the_keys_of_the_account_that_it_is_attached_to(sandbox: Sandbox, org: Any) -> None:
    attach(org, guardrail(*ENROLMENT), ACCOUNT)
    assert sandbox.use_key(KEY).error == "AccessDenied"
    assert "service control policy" in str(sandbox.use_key(KEY).message)
    assert sandbox.use_key(OTHER_KEY).ok


def test_a_denial_by_a_guardrail_is_in_the_members_trail(sandbox: Sandbox, org: Any, events: Events) -> None:
    attach(org, guardrail(*ENROLMENT), ROOT)
    sandbox.use_key(KEY)
    (event,) = events(AccessKeyId=KEY)
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "AccessDenied"


def test_detaching_lets_the_keys_work_again(sandbox: Sandbox, org: Any) -> None:
    identifier = attach(org, guardrail(*ENROLMENT), ROOT)
    assert not sandbox.use_key(OTHER_KEY).ok
    org.detach_policy(PolicyId=identifier, TargetId=ROOT)
    assert sandbox.use_key(OTHER_KEY).ok


def test_a_guardrail_on_a_unit_reaches_the_accounts_under_it(sandbox: Sandbox, org: Any) -> None:
    inner = sandbox.seed.unit("inner", parent=sandbox.seed.unit("outer"))
    org.move_account(AccountId=OTHER, SourceParentId=ROOT, DestinationParentId=inner)
    attach(org, guardrail(*ENROLMENT), org.list_parents(ChildId=inner)["Parents"][0]["Id"])
    assert not sandbox.use_key(OTHER_KEY).ok
    assert sandbox.use_key(KEY).ok


def test_the_management_account_is_not_reached(sandbox: Sandbox, aws: Aws, org: Any) -> None:
    home = sandbox.settings.home_account
    identifier = attach(org, guardrail(*ENROLMENT), ROOT)
    org.attach_policy(PolicyId=identifier, TargetId=home)
    assert aws.home("s3").list_buckets()


def test_roles_are_reached_unless_the_condition_spares_them(sandbox: Sandbox, aws: Aws, org: Any) -> None:
    identifier = attach(org, guardrail(*ENROLMENT), ACCOUNT)
    assert aws.role("iam").list_users()
    org.update_policy(PolicyId=identifier, Content=guardrail(*ENROLMENT, condition=NO_MFA))
    with pytest.raises(aws.home("iam").exceptions.ClientError, match="service control policy"):
        aws.role("iam").list_users()


def test_a_policy_may_spare_a_role_by_its_arn(sandbox: Sandbox, aws: Aws, org: Any) -> None:
    spared = {**NO_MFA, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/iamflow"}}
    attach(org, guardrail(*ENROLMENT, condition=spared), ACCOUNT)
    assert aws.role("iam").list_users()
    assert not sandbox.use_key(KEY).ok


def test_service_linked_roles_are_not_reached(sandbox: Sandbox, aws: Aws, org: Any) -> None:
    iam = aws.role("iam")
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    attach(org, guardrail(condition=NO_MFA), ACCOUNT)
    outcome = sandbox.use_role(ACCOUNT, role["RoleName"], through="autoscaling.amazonaws.com")
    assert outcome.ok, outcome


def test_without_an_exemption_for_enrolment_nobody_can_enrol(sandbox: Sandbox, org: Any) -> None:
    sandbox.console.sign_in(OTHER, "bob")
    identifier = attach(org, guardrail(), ROOT)
    assert sandbox.console.enrol_mfa(OTHER, "bob").error == "AccessDenied"
    org.update_policy(PolicyId=identifier, Content=guardrail(*ENROLMENT))
    assert sandbox.console.enrol_mfa(OTHER, "bob").ok
    assert not sandbox.console.call(OTHER, "bob").ok
    sandbox.console.sign_in(OTHER, "bob")
    assert sandbox.console.call(OTHER, "bob").ok


def test_what_no_level_allows_is_denied(sandbox: Sandbox, org: Any) -> None:
    only = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    attach(org, json.dumps(only), ACCOUNT)
    assert sandbox.use_key(KEY, service="dynamodb", operation="ListTables").ok
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=ACCOUNT)
    assert sandbox.use_key(KEY).ok
    assert sandbox.use_key(KEY, service="dynamodb", operation="ListTables").error == "AccessDeniedException"


def test_disabled_control_policies_do_nothing(sandbox: Sandbox, org: Any) -> None:
    attach(org, guardrail(), ROOT)
    org.disable_policy_type(RootId=ROOT, PolicyType="SERVICE_CONTROL_POLICY")
    assert sandbox.use_key(KEY).ok
    org.enable_policy_type(RootId=ROOT, PolicyType="SERVICE_CONTROL_POLICY")
    assert sandbox.use_key(KEY).ok  # what was attached is gone
