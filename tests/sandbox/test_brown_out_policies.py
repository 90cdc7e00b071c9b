"""A user's denies count, conditions included: long-term keys can be told from sessions."""

import json
from typing import Any

import pytest

from iamflow.sandbox.policies import Question, Verdict, conditions_hold, judge, statements
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
BROWN_OUT = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:TokenIssueTime": "true"}}}


def deny(iam: Any, statement: Any = BROWN_OUT) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="etl", PolicyName="brown-out", PolicyDocument=document)


def test_a_brown_out_denies_the_long_term_key_and_logs_it(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    deny(aws.role("iam"))
    assert sandbox.use_key(KEY).error == "AccessDenied"
    (event,) = events(AccessKeyId=KEY)
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "AccessDenied"


def test_a_brown_out_leaves_sessions_and_the_callers_identity_alone(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.open_session(KEY)
    deny(aws.role("iam"))
    assert sandbox.use_key(KEY, session=True).ok
    assert sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity").ok


def test_a_groups_deny_counts_for_its_users(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="etl")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    iam.put_group_policy(GroupName="staff", PolicyName="no-s3", PolicyDocument=json.dumps(document))
    assert sandbox.use_key(KEY).error == "AccessDenied"
    assert sandbox.use_key(KEY, service="dynamodb", operation="ListTables").ok


def ask(
    statement: Any, action: str = "iam:UpdateAccessKey", resource: str = "arn:aws:iam::1:user/ana", **context: str
) -> Verdict:
    return judge(statements({"Statement": statement}), Question(action=action, resource=resource, context=context))


def test_nothing_said_is_no_permission() -> None:
    assert ask([]) is Verdict.SILENT


def test_one_deny_outweighs_every_allow() -> None:
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert ask([allow, {"Effect": "Deny", "Action": "iam:Update*", "Resource": "*"}, allow]) is Verdict.DENIED


@pytest.mark.parametrize("action", ["iam:updateaccesskey", "IAM:*", "iam:Update?ccessKey"])
def test_actions_match_without_regard_to_case(action: str) -> None:
    assert ask({"Effect": "Allow", "Action": action, "Resource": "*"}) is Verdict.ALLOWED


def test_resources_match_with_regard_to_case() -> None:
    assert ask({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:iam::1:user/ANA"}) is Verdict.SILENT


def test_a_not_action_spares_what_it_lists() -> None:
    statement = {"Effect": "Deny", "NotAction": ["iam:ListMFADevices", "iam:EnableMFADevice"], "Resource": "*"}
    assert ask(statement, action="iam:EnableMFADevice") is Verdict.SILENT
    assert ask(statement) is Verdict.DENIED


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Null": {"aws:TokenIssueTime": "false"}}, False),
        ({"StringEquals": {"aws:username": ["ana", "bob"]}}, True),
        ({"StringNotEquals": {"aws:username": "ana"}}, False),
        ({"StringNotEquals": {"sts:ExternalId": "x"}}, True),
        ({"StringLike": {"AWS:USERNAME": "a*"}}, True),
        ({"ArnNotLike": {"aws:username": "b*"}}, True),
        ({"NumericLessThan": {"aws:username": "1"}}, False),
        ({"StringEquals": {"aws:username": "ana"}, "Null": {"aws:username": "true"}}, False),
    ],
)
def test_conditions_hold_as_aws_documents_them(conditions: dict[str, dict[str, Any]], holds: bool) -> None:
    assert conditions_hold(conditions, {"aws:username": "ana"}) is holds
